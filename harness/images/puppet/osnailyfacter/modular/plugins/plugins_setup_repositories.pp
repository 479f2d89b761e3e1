notice('MODULAR: plugins/plugins_setup_repositories.pp')

$repositories = hiera('plugins', []).reduce([]) |$found, $plugin| {
  $found + ($plugin ? {
    Hash    => pick($plugin['repositories'], []),
    default => [],
  })
}

exec { 'refresh package lists':
  command     => 'apt-get -q update',
  path        => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'],
  refreshonly => true,
  timeout     => 1800,
  tries       => 3,
  try_sleep   => 1,
}

$repositories.each |$repository| {
  if $repository['type'] == 'deb' {
    osnailyfacter::package_repository { $repository['name']:
      uri      => $repository['uri'],
      suite    => $repository['suite'],
      section  => $repository['section'],
      priority => $repository['priority'],
      notify   => Exec['refresh package lists'],
    }
  } else {
    notice("repository ${repository['name']} of type ${repository['type']} is not for this operating system")
  }
}
