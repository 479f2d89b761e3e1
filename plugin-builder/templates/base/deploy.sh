#!/bin/bash

# Whatever the plugin has to do on a node. It may run more than once, so it says what shall be
# rather than what to do; it runs as root, in the directory of the deployment scripts.

echo '@name@' > '/tmp/@name@'
