notice('MODULAR: plugins/plugins_rsync.pp')

$plugins = hiera('plugins', [])

$plugins.each |$plugin| {
  if $plugin =~ Hash {
    pick($plugin['scripts'], []).each |$script| {
      osnailyfacter::synchronized_directory { $script['local_path']:
        source => $script['remote_url'],
      }
    }
  }
}
