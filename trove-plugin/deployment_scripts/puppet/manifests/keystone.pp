notice('PLUGIN: trove - keystone.pp')

# Trove's user, service and endpoints in the identity service, with the administrator's credentials of /root/openrc.
$trove = hiera_hash('trove')

class { 'trove::keystone::auth':
  password     => hiera_hash('fuel-plugin-trove')['trove_user_password'],
  tenant       => 'services',
  region       => $trove['region'],
  public_url   => $trove['public_url'],
  internal_url => $trove['internal_url'],
  admin_url    => $trove['internal_url'],
}
