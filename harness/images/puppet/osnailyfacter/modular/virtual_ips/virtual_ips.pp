notice('MODULAR: virtual_ips/virtual_ips.pp')

include osnailyfacter::virtual_ips
