"""Requirements of TCP/S, and the tests that judge an implementation by them."""
