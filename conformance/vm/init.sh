#!/bin/busybox sh
# The first program of the guest: network, services, and a shell for whoever holds the other end of its serial port.
# Busybox runs what it has itself by its name, and programs of that name by their path only: /bin/ip.
# /settings says: modules (in the order of loading), addresses (with prefix lengths), ports (of echo, greet, abort).

export PATH=/bin
/bin/busybox mount -t proc proc /proc # where busybox finds itself from now on
mount -t devtmpfs devtmpfs /dev
mount -t sysfs sysfs /sys
ulimit -n 65536
. /settings

# Interrupts, and with them what arrives, on the first processor, programs on the second: a module whose locks do not
# keep interrupts out would else wait for itself before long (tcps-wire.md, section 8).
echo 1 >/proc/irq/default_smp_affinity
taskset -p 2 $$ >/dev/null

for module in $modules; do
  insmod "/modules/$module" || echo "tcpslab: cannot load $module"
done

for which in all default eth0; do
  sysctl -qw "net.ipv6.conf.$which.accept_dad=0" # addresses are ready at once
done
/bin/ip link set lo up
# One segment in a packet, or a module below TCP gets many of them as one (tcps-wire.md, section 8).
/bin/ip link set eth0 gso_max_segs 1 up
for address in $addresses; do
  /bin/ip address add "$address" dev eth0
done
until [ "$(cat /sys/class/net/eth0/operstate)" = up ]; do # the kernel looks at a new link a little later
  usleep 20000
done

tcpslab-services serve $ports &

# A command a line; the answer is its exit code and the length of its output in a line, and then the output.
port=$(echo /dev/vport*p1)
exec 3<>"$port"
while read -r line <&3; do
  (eval "$line") >/tmp/output 2>&1 </dev/null 3<&-
  echo "$? $(wc -c </tmp/output)" >&3
  cat /tmp/output >&3
done
echo "tcpslab: the serial port is gone"
poweroff -f
