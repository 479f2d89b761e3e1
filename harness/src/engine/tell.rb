# Loaded into Puppet's process before Puppet itself: what an `exec` resource prints is written to Puppet's own standard
# output as well, piece by piece while it is printed. Puppet keeps it to itself until the command has ended, so that it
# is lost when the run is ended first. Whatever fails here leaves Puppet as it is.
before = ENV.delete('FUELRIG_RUBYOPT').to_s
if before.empty? then ENV.delete('RUBYOPT') else ENV['RUBYOPT'] = before end

module FuelrigTell
  # The end of the pipe from which Puppet reads.
  module Reader
    def read_nonblock(*arguments, **options)
      super.tap do |piece|
        begin
          STDOUT.syswrite(piece) if piece.is_a?(String)
        rescue StandardError
          nil
        end
      end
    end
  end

  # Puppet makes one pipe for each command.
  module Pipe
    def pipe(*arguments)
      super.tap do |ends|
        ends[0].extend(Reader) if Thread.current[:fuelrig_tells] && ends.is_a?(Array)
      end
    end
  end

  # Only for the provider of `exec`, and not where the command is a secret.
  module Execute
    def execute(*arguments)
      options = arguments[1].is_a?(Hash) ? arguments[1] : {}
      by_exec = caller_locations(1, 3).any? { |place| place.path.to_s.end_with?('/puppet/provider/exec.rb') }
      Thread.current[:fuelrig_tells] = by_exec && !options[:sensitive]
      super
    ensure
      Thread.current[:fuelrig_tells] = false
    end
  end
end

IO.singleton_class.prepend(FuelrigTell::Pipe)

if defined?(Puppet::Util::Execution)
  Puppet::Util::Execution.singleton_class.prepend(FuelrigTell::Execute)
else
  # Puppet's own file is loaded later; when it defines the method, this goes before it, and away.
  class Module
    private

    def singleton_method_added(name)
      return unless name == :execute && self.name == 'Puppet::Util::Execution'
      Module.send(:remove_method, :singleton_method_added)
      singleton_class.prepend(FuelrigTell::Execute)
    end
  end
end
