# frozen_string_literal: true

Puppet::Type.type(:trove_config).provide(
  :ini_setting,
  parent: Puppet::Type.type(:ini_setting).provider(:ruby)
) do
  desc 'Edits the file in place and leaves its comments alone.'

  def section
    resource[:name].split('/', 2).first
  end

  def setting
    resource[:name].split('/', 2).last
  end

  def separator
    '='
  end

  def file_path
    '/etc/trove/trove.conf'
  end
end
