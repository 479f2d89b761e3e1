#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-03 >>/var/log/ten-tasks.log
grep -qs '^3$' /etc/ten-tasks/step-03.conf || echo 3 >/etc/ten-tasks/step-03.conf
