# The files of the ns-3 module, relative to model/, for the standalone build and for the one inside an ns-3 tree. (wscript
# has a list of its own.)
set(TCPSLAB_MODEL_HEADERS
  tcps-event.h tcps-helper.h tcps-shim-protocol.h tcps-stack.h
  path/tcps-impairment.h path/tcps-option-stripper.h path/tcps-path-element.h path/tcps-path-packet.h
  path/tcps-wire-node.h)
set(TCPSLAB_MODEL_SOURCES
  tcps-bytes-header.cc tcps-convert.cc tcps-duplicate-ack-guard.cc tcps-helper.cc tcps-host-parts.cc
  tcps-segment-buffer.cc tcps-send-window-guard.cc tcps-shim-protocol-impl.cc tcps-shim-protocol-outbound.cc
  tcps-shim-protocol.cc
  tcps-stack.cc
  path/tcps-impairment.cc path/tcps-option-stripper.cc path/tcps-path-element.cc path/tcps-path-packet.cc
  path/tcps-wire-node.cc)
