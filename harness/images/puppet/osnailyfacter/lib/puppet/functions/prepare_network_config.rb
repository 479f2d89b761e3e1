# frozen_string_literal: true

# Fuel's manifests hand the network scheme over once, before they ask `get_network_role_property`.
# Here the answer is read from the settings whenever it is asked for; the call is kept so that manifests need no change.
Puppet::Functions.create_function(:prepare_network_config) do
  dispatch :prepare do
    param 'Hash', :network_scheme
  end

  def prepare(_network_scheme); end
end
