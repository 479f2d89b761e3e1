# frozen_string_literal: true

Puppet::Type.newtype(:trove_config) do
  @doc = 'A setting in /etc/trove/trove.conf, named `section/setting`.'

  ensurable

  newparam(:name, namevar: true) do
    desc 'Section and setting, with a slash between them.'
    newvalues(%r{\S+/\S+})
  end

  newparam(:ensure_absent_val) do
    desc 'A value that means that the setting is not to be there, so that the program takes its own default.'
    defaultto('<SERVICE DEFAULT>')
  end

  newparam(:secret, boolean: true) do
    desc 'Whether the value stays out of logs and reports.'
    newvalues(:true, :false)
    defaultto(:false)
  end

  newproperty(:value) do
    desc 'What the setting is set to.'
    munge { |value| value.to_s.strip }

    def secret?
      resource[:secret] == :true
    end

    def is_to_s(value)
      secret? ? '[old secret redacted]' : value
    end

    def should_to_s(value)
      secret? ? '[new secret redacted]' : value
    end
  end

  # A default is no setting, whether it is there by that name or through an empty list.
  def initialize(*arguments)
    super
    self[:ensure] = :absent if self[:value] == self[:ensure_absent_val]
    self[:ensure] = :present if self[:ensure].nil?
  end

  autorequire(:package) { 'trove' }
end
