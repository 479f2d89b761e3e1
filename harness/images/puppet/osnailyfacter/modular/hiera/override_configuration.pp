# Fuel writes what `fuel2 openstack-config` was given under /etc/hiera/override/configuration. The rig's environments
# have no such configuration, so that there is nothing to write.
notice('MODULAR: hiera/override_configuration.pp')
