#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-02 >>/var/log/ten-tasks.log
grep -qs '^2$' /etc/ten-tasks/step-02.conf || echo 2 >/etc/ten-tasks/step-02.conf
