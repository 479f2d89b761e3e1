# frozen_string_literal: true

require 'yaml'

# The hierarchy levels of plugins: `plugins/<name>` for every plugin that the environment enables and for every
# file that a plugin's task has put into the plugins directory, sorted and named once.
Puppet::Functions.create_function(:'osnailyfacter::plugin_levels') do
  # @param settings path of the node's settings; nothing there yet means no enabled plugin
  # @param data_directory Hiera's data directory
  dispatch :levels do
    param 'String', :settings
    param 'String', :data_directory
  end

  def levels(settings, data_directory)
    names = enabled(settings) + on_disk(data_directory)
    names.uniq.map { |name| "plugins/#{name}" }
  end

  def enabled(settings)
    return [] unless File.exist?(settings)

    data = YAML.safe_load(File.read(settings), aliases: true) || {}
    # Before 9.0 the list holds names, from then on mappings with a name.
    names = (data['plugins'] || []).map { |plugin| plugin.is_a?(Hash) ? plugin['name'] : plugin }
    names.compact.sort
  end

  def on_disk(data_directory)
    Dir.glob(File.join(data_directory, 'plugins', '*.yaml')).map { |path| File.basename(path, '.yaml') }.sort
  end
end
