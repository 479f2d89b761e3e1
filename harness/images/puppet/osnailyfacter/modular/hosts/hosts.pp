notice('MODULAR: hosts/hosts.pp')

$network_metadata = hiera_hash('network_metadata', {})

# Written in place: in a container /etc/hosts is a mount and cannot be replaced by a new file.
pick($network_metadata['nodes'], {}).each |$name, $node| {
  $address = $node['network_roles']['mgmt/vip']
  if $address {
    file_line { "name of ${name}":
      path  => '/etc/hosts',
      line  => "${address} ${node['fqdn']} ${name}",
      # A node that got another address keeps one line, except on the line that the container's engine wrote for itself.
      match => "^[0-9.]+ ${node['fqdn'].regexpescape} ${name.regexpescape}$",
    }
  }
}
