notice('MODULAR: keystone/keystone.pp')

include osnailyfacter::keystone
