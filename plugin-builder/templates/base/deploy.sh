#!/bin/bash

# Whatever the plugin has to do on a node. It may run more than once.

echo @name@ > /tmp/@name@
