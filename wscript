# -*- Mode: python; py-indent-offset: 4; indent-tabs-mode: nil; coding: utf-8; -*-
"""The ns-3 module for trees that build with waf (3.35 and older): this directory is contrib/tcps there.

See model/README.md. The protocol stack becomes part of the module's library. Only that library is compiled as C++20;
ns-3's own sources and users' programs keep the language that the tree asks for.
"""

import re

STACK = {
    'wire': ['address', 'error', 'options', 'packet', 'segment'],
    'crypto': ['chacha20', 'poly1305', 'random', 'secret', 'short_hash', 'x25519'],
    'stack': ['event', 'flow', 'pair', 'shim', 'split'],
    'tcps': ['blocked_flows', 'connection', 'deviations', 'dialect', 'engine', 'handshake', 'identity',
             'identity_exchange', 'key_schedule', 'options', 'packet_mac', 'peers', 'protection', 'state',
             'static_secrets', 'stream_position', 'tcps', 'timers', 'transitions'],
}
LIBRARIES = {'sodium': 'SODIUM', 'crypto': 'CRYPTO', 'fmt': 'FMT'}


def configure(conf):
    found = [conf.check_cxx(lib=name, uselib_store=store, mandatory=False) for name, store in LIBRARIES.items()]
    for header in ('tl/expected.hpp', 'boost/endian/conversion.hpp'):
        found.append(conf.check_cxx(header_name=header, cxxflags=['-std=c++20'], mandatory=False))
    enabled = all(result is not None for result in found)
    conf.report_optional_feature('tcps', 'TCP/S', enabled, 'libsodium, OpenSSL, fmt, tl-expected or Boost not found')
    if not enabled:
        conf.env['MODULES_NOT_BUILT'].append('tcps')


def build(bld):
    if 'tcps' in bld.env['MODULES_NOT_BUILT']:
        return

    module = bld.create_ns3_module('tcps', ['core', 'network', 'internet', 'virtual-net-device'])
    module.source = ['reference/%s/%s.cc' % (layer, name) for layer in sorted(STACK) for name in STACK[layer]]
    model = bld.path.find_node('cmake/ModelFiles.cmake').read()
    module.source += ['model/' + name for name in re.findall(r'[\w/-]+\.cc\b', model)]
    module.includes = ['.']
    module.cxxflags = ['-std=c++20']
    module.use.extend(sorted(LIBRARIES.values()))

    headers = bld(features='ns3header')
    headers.module = 'tcps'
    headers.source = ['model/' + name for name in re.findall(r'[\w/-]+\.h\b', model)]
