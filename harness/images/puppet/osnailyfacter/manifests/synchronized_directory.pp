# A directory that has what an rsync server has; nothing is done, and nothing said to have changed, when it has.
#
# @param source `rsync://HOST:/MODULE/PATH/`
# @param path where it goes; its parents are made
define osnailyfacter::synchronized_directory (
  String $source,
  String $path = $name,
) {
  # No --delete: what a plugin's own task wrote beside its scripts stays, as on a real node.
  $options = '--recursive --links --perms --times'
  exec { "synchronize ${path}":
    command => "mkdir -p '${path}' && rsync ${options} '${source}' '${path}'",
    # A dry run that lists nothing; a server that does not answer lists nothing either, so its exit code counts.
    unless  => "test -d '${path}' && list=$(rsync ${options} --dry-run --itemize-changes '${source}' '${path}') && test -z \"\$list\"",
    path    => ['/usr/local/bin', '/usr/bin', '/bin'],
    provider => 'shell',
    timeout => 600,
    tries   => 3,
    try_sleep => 1,
  }
}
