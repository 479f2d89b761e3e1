# frozen_string_literal: true

require 'ipaddr'

# What a node's network scheme says of a network role.
Puppet::Functions.create_function(:get_network_role_property) do
  # @param role such as `mgmt/api` or a plugin's own
  # @param property `ipaddr`, `netmask`, `cidr`, `ipaddr_netmask_pair`, `network` or `interface`
  # @return the property of the first address, undef where the role or an address is absent
  dispatch :property do
    param 'String', :role
    param 'String', :property
  end

  def property(role, property)
    scheme = call_function('hiera', 'network_scheme', {})
    endpoint = (scheme['roles'] || {})[role]
    return nil if endpoint.nil?
    return endpoint if property == 'interface'

    addresses = (scheme['endpoints'] || {}).dig(endpoint, 'IP')
    address, length = addresses.first.split('/') if addresses.is_a?(Array) && !addresses.empty?
    return nil if address.nil?

    network = IPAddr.new("#{address}/#{length}")
    case property
    when 'ipaddr' then address
    when 'cidr' then "#{address}/#{length}"
    when 'netmask' then IPAddr.new('255.255.255.255').mask(length.to_i).to_s
    when 'ipaddr_netmask_pair' then [address, IPAddr.new('255.255.255.255').mask(length.to_i).to_s]
    when 'network' then "#{network}/#{length}"
    else raise Puppet::ParseError, "get_network_role_property: no property `#{property}` of network role `#{role}`"
    end
  end
end
