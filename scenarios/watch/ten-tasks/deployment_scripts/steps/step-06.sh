#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-06 >>/var/log/ten-tasks.log
grep -qs '^6$' /etc/ten-tasks/step-06.conf || echo 6 >/etc/ten-tasks/step-06.conf
