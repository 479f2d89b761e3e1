notice('MODULAR: hiera/pre_hiera_config.pp')

include osnailyfacter::hiera
