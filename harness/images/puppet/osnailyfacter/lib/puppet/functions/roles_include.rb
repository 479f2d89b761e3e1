# frozen_string_literal: true

# Whether the node that runs the manifest has one of the given roles.
Puppet::Functions.create_function(:roles_include) do
  dispatch :any do
    param 'Variant[String, Array[String]]', :roles
  end

  def any(roles)
    ([roles].flatten & call_function('hiera', 'roles', [])).any?
  end
end
