// main() of every test executable.
#define BOOST_TEST_NO_MAIN
#include <boost/test/unit_test.hpp>
#include <filesystem>

namespace {

// Reports call the tests by the name of the executable.
bool NameTests() {
  auto& suite = boost::unit_test::framework::master_test_suite();
  suite.p_name.value = std::filesystem::path(suite.argv[0]).filename().string();
  return true;
}

}  // namespace

int main(int argc, char* argv[]) { return boost::unit_test::unit_test_main(&NameTests, argc, argv); }
