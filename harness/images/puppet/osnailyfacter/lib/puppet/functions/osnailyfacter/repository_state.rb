# frozen_string_literal: true

require 'digest'
require 'net/http'
require 'uri'

# What an apt repository says of itself: `pin`, the fields of its Release file as apt_preferences(5) writes them, and
# `index`, a digest that changes when its packages do.
Puppet::Functions.create_function(:'osnailyfacter::repository_state') do
  # @param uri the repository's address
  # @param suite `/` or a directory below the address for a flat repository, else a distribution's name
  # @return `{pin => 'o=..,l=..', index => 'sha256'}`; both are empty where nothing answers
  dispatch :state do
    param 'String', :uri
    optional_param 'Optional[String]', :suite
  end

  PIN_LETTERS = { 'Origin' => 'o', 'Suite' => 'a', 'Codename' => 'n', 'Label' => 'l', 'Version' => 'v' }.freeze

  def state(uri, suite = '/')
    directory = suite.nil? || suite.end_with?('/') ? "#{uri.chomp('/')}/#{suite.to_s.delete_prefix('/')}" : "#{uri.chomp('/')}/dists/#{suite}/"
    release = fetch("#{directory}Release")
    index = fetch("#{directory}Packages.gz") || fetch("#{directory}Packages")
    { 'pin' => pin(release), 'index' => index ? Digest::SHA256.hexdigest("#{release}#{index}") : '' }
  end

  def pin(release)
    return '' if release.nil?

    fields = release.lines.to_h { |line| line.chomp.split(/:\s*/, 2).then { |key, value| [key, value] } }
    PIN_LETTERS.filter_map { |key, letter| "#{letter}=#{fields[key]}" unless fields[key].to_s.empty? }.join(',')
  end

  # Three tries, as Nailgun does.
  def fetch(address)
    3.times do |attempt|
      answer = Net::HTTP.get_response(URI(address))
      return answer.body if answer.is_a?(Net::HTTPSuccess)
      return nil if answer.is_a?(Net::HTTPClientError)
    rescue SystemCallError, SocketError, Timeout::Error, IOError => e
      Puppet.warning("#{address}: #{e.message}") if attempt == 2
      sleep(1) if attempt < 2
    end
    nil
  end
end
