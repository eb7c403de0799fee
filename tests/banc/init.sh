#!/bin/busybox sh
# First process of the bench's machine: drivers, then this host's own files, read-only; then the agent.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
while read -r pilote options; do
  # shellcheck disable=SC2086
  $b insmod "/p/$pilote" $options || echo "BANC: $pilote not loaded"
done < /p/ordre
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro racine /new || $b poweroff -f
$b mount --move /dev /new/dev
$b mount --move /proc /new/proc
$b mount --move /sys /new/sys
$b mount -t tmpfs run /new/run
agent=$($b sed -n 's/.*banc.agent=\([^ ]*\).*/\1/p' /new/proc/cmdline)
python=$($b sed -n 's/.*banc.python=\([^ ]*\).*/\1/p' /new/proc/cmdline)
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/run HOME=/run LANG=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1
exec $b switch_root -c /dev/console /new "$python" "$agent"
