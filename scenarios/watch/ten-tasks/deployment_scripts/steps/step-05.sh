#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-05 >>/var/log/ten-tasks.log
grep -qs '^5$' /etc/ten-tasks/step-05.conf || echo 5 >/etc/ten-tasks/step-05.conf
