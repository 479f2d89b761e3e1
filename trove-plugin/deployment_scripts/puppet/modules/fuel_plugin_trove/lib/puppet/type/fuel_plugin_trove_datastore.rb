# frozen_string_literal: true

Puppet::Type.newtype(:fuel_plugin_trove_datastore) do
  @doc = <<-TEXT
    A version of a datastore that Trove offers. Looked for through the API with Trove's own credentials, registered with
    `trove-manage`, on a node that has /etc/trove/trove.conf and runs the API: it comes after
    `Anchor['trove::service::end']`.
  TEXT

  ensurable do
    defaultvalues
    defaultto :present
  end

  newparam(:name, namevar: true) do
    desc 'Datastore and version, with a slash between them: `mysql/5.7.29`.'
    newvalues(%r{\A[^/\s]+/[^/\s]+\z})
  end

  newparam(:manager) do
    desc 'What manages it in a guest; the name of the datastore unless told.'
  end

  newparam(:api_url) do
    desc 'Where the API answers, without version and project.'
  end

  newparam(:image_tags) do
    desc 'Tags of the guest image in Glance, comma separated.'
    defaultto 'trove'
  end
end
