# frozen_string_literal: true

Puppet::Type.newtype(:fuel_plugin_trove_identity) do
  @doc = <<-TEXT
    A service in Keystone, with all that belongs to it: its user, the user's roles, the service's entry in the catalog
    and its endpoints. Looked at and changed over HTTP; the administrator's credentials come from a file such as
    /root/openrc, or from the environment where it has OS_AUTH_URL.
  TEXT

  ensurable do
    defaultvalues
    defaultto :present
  end

  newparam(:name, namevar: true) do
    desc 'The user.'
  end

  newparam(:project) do
    desc "The project that the user's roles are in."
    defaultto 'services'
  end

  newparam(:service_type) do
    desc 'The type by which clients find the service.'
  end

  newparam(:service_name) do
    desc 'The name of the service; none leaves the catalog alone.'
  end

  newparam(:region) do
    desc 'The region of the endpoints.'
    defaultto 'RegionOne'
  end

  newparam(:credentials_file) do
    desc 'Shell lines `export OS_...=...`.'
    defaultto '/root/openrc'
  end

  newproperty(:password) do
    desc 'Whether it is right is found out by logging in with it.'

    def insync?(_is)
      provider.password_right?(should)
    end

    def is_to_s(_value)
      '[old password]'
    end

    def should_to_s(_value)
      '[new password]'
    end
  end

  newproperty(:email) do
    desc "The user's address."
  end

  newproperty(:roles, array_matching: :all) do
    desc 'The roles of the user in the project; others that it has stay.'

    def insync?(is)
      is.is_a?(Array) && (should - is).empty?
    end
  end

  newproperty(:description) do
    desc 'What people read of the service.'
  end

  %w[public internal admin].each do |interface|
    newproperty(:"#{interface}_url") do
      desc "The #{interface} endpoint."
    end
  end
end
