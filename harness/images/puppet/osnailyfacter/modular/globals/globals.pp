# Fuel writes /etc/hiera/globals.yaml here: what its own OpenStack manifests derive from the settings. None of those
# manifests is part of the rig.
notice('MODULAR: globals/globals.pp')
