# An apt repository of a plugin: its source, and a pin that lifts it above the distribution's.
#
# @param uri where the repository is, without a trailing slash
# @param suite `/` for a flat repository, which plugins' are
# @param section empty for a flat repository
# @param priority of the pin; none leaves the repository without a pin
define osnailyfacter::package_repository (
  String $uri,
  Optional[String] $suite = '/',
  Optional[String] $section = '',
  Optional[Variant[Integer, String]] $priority = undef,
) {
  $remote = osnailyfacter::repository_state($uri, $suite)

  file { "/etc/apt/sources.list.d/${name}.list":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "deb ${uri} ${suite} ${section}\n",
  }

  # Without a Release file there is nothing to pin by; the repository then counts like any other.
  if $priority and !empty($remote['pin']) {
    $pin_content = "Package: *\nPin: release ${remote['pin']}\nPin-Priority: ${priority}\n"
    $pin_ensure = file
  } else {
    if $priority {
      warning("repository ${name} has no Release file at ${uri}: it is used without a pin")
    }
    $pin_content = undef
    $pin_ensure = absent
  }
  file { "/etc/apt/preferences.d/${name}.pref":
    ensure  => $pin_ensure,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $pin_content,
  }

  # Remembers which index was fetched last, so a plugin that was built again is seen and one that was not costs nothing.
  ensure_resource('file', '/var/lib/fuel/repositories', { 'ensure' => 'directory', 'mode' => '0755' })
  file { "/var/lib/fuel/repositories/${name}":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "${remote['index']}\n",
  }
}
