notice('MODULAR: hiera/hiera.pp')

include osnailyfacter::hiera
