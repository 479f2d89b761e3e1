//! Findings about expressions, settings, regular expressions, braces, secrets, names and constraints: a small plugin
//! that has each, and one that does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use camino::Utf8PathBuf;
use plugin_builder::{Finding, check, create};
use rstest::rstest;

/// Codes that this file is about.
const CODES: &[&str] = &[
    "expression-syntax",
    "expression-skipped",
    "expression-model",
    "expression-setting",
    "expression-constant",
    "task-condition-value",
    "restriction-action",
    "setting-type",
    "setting-default",
    "setting-choices",
    "setting-generator",
    "setting-name",
    "setting-weight",
    "setting-label",
    "regex-syntax",
    "regex-differs",
    "regex-foreign",
    "regex-default",
    "braces-raise",
    "braces-kept",
    "braces-halved",
    "default-secret",
    "section-clash",
    "node-section-clash",
    "constraint-python",
    "constraint-kernel",
    "constraint-bootstrap",
    "constraint-provisioning",
    "constraint-database",
];

struct Plugin {
    directory: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

/// A created plugin called `trove`.
fn plugin(package_version: &str) -> Plugin {
    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&directory, package_version).unwrap();
    Plugin { directory, _keep: keep }
}

impl Plugin {
    fn write(self, file: &str, text: &str) -> Self {
        let path = self.directory.join(file);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
        self
    }

    fn replace(self, file: &str, from: &str, to: &str) -> Self {
        let text = fs_err::read_to_string(self.directory.join(file)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replace(from, to))
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = check(&self.directory).findings;
        findings.retain(|finding| CODES.contains(&finding.code));
        findings
    }

    /// Writes a file that has `›` where the finding is expected; what is found, and what should be.
    fn check_marked(self, file: &str, text: &str, code: &str) {
        let expected: Vec<String> = match text.find('›') {
            Some(index) => {
                let line = text[..index].lines().count();
                let column = text[..index].lines().last().unwrap().chars().count() + 1;
                vec![format!("{code} {line}:{column}")]
            }
            None => Vec::new(),
        };
        assert_eq!(code.is_empty(), expected.is_empty(), "a code needs a place");
        let text = text.replace('›', "");
        assert_eq!(self.write(file, &text).found(), expected, "{text}");
    }

    /// `code line:column`, one each.
    fn found(&self) -> Vec<String> {
        let show = |finding: &Finding| {
            let place = finding.place.as_ref().unwrap();
            format!("{} {}:{}", finding.code, place.line, place.column)
        };
        self.findings().iter().map(show).collect()
    }
}

/// A plugin's settings `size`, `tls` and `name`, with a restriction of the last.
fn with_restriction(restriction: &str) -> String {
    const SETTINGS: &str = "
attributes:
  size: {type: select, label: Size, weight: 1, value: s, values: [{data: s, label: S}, {data: big, label: Big}]}
  tls: {type: checkbox, label: TLS, weight: 2, value: false}
  name: {type: text, label: Name, weight: 3, value: x, restrictions: *restrictions}
";
    format!("restrictions: &restrictions\n- {restriction}{SETTINGS}")
}

#[rstest]
#[case("", "{condition: \"settings:trove.tls.value == true\", action: hide}")]
#[case("", "{condition: 'true', action: hide}")]
#[case("", "{\"settings:trove.size.value == 's'\": The message}")]
#[case("", "settings:trove.metadata.enabled == false")]
#[case("", "settings:another_plugin.metadata.enabled == true")]
#[case(
    "",
    "settings:common.libvirt_type.value == 'kvm' and cluster:net_provider != 'neutron'"
)]
#[case("", "\"'experimental' in version:feature_groups\"")]
#[case("", "networking_parameters:segmentation_type != 'vlan'")]
#[case(
    "expression-setting",
    "{condition: '›settings:trove.newer.value == 1', strict: false}"
)]
#[case(
    "expression-syntax",
    "{condition: \"settings:trove.tls.value == true and›\", action: hide}"
)]
#[case("expression-syntax", "{condition: '(settings:trove.tls.value›'}")]
#[case("expression-syntax", "{condition: 'settings:trove.size.value == ''s'' && ›true'}")]
#[case("expression-syntax", "{condition: ›true, action: hide}")]
#[case("expression-skipped", "settings:trove.tls.value›; == true")]
#[case("expression-skipped", "not settings:trove.tls.value›!")]
#[case("expression-model", "›setings:trove.tls.value == true")]
#[case("expression-setting", "›settings:trove.tsl.value == true")]
#[case("expression-setting", "true and ›settings:trove.tls.valu == true")]
#[case("expression-setting", "›settings:trove.tls == true")]
#[case("expression-setting", "›settings:trove.metadata.enable == true")]
#[case("expression-setting", "›settings:common.debgu.value == true")]
#[case("expression-setting", "›settings:storge.volumes_lvm.value == true")]
#[case("expression-setting", "›settings:fuel-plugin-trove.tls.value == true")]
#[case("expression-setting", "›cluster:net_provder == 'neutron'")]
#[case("expression-constant", "›settings:trove.tls.value == 'true'")]
#[case(
    "expression-constant",
    "settings:trove.tls.value and ›settings:trove.size.value == 'large'"
)]
#[case("expression-constant", "›not settings:trove.size.value == 's'")]
#[case(
    "expression-constant",
    "›settings:trove.size.value == 's' and settings:trove.size.value == 'big'"
)]
#[case("expression-constant", "›settings:trove.name.value != true")]
#[case("expression-constant", "›settings:common.debug.value == 'yes'")]
#[case(
    "restriction-action",
    "{condition: 'settings:trove.tls.value == true', action: ›hidden}"
)]
fn a_restriction_that_cannot_work_is_found_at_its_character(#[case] code: &str, #[case] restriction: &str) {
    plugin("5.0.0").check_marked("environment_config.yaml", &with_restriction(restriction), code);
}

#[rstest]
#[case("settings:trove.tsl.value == true", "did you mean `settings:trove.tls.value`?")]
#[case("settings:trove.tls == true", "write `settings:trove.tls.value`")]
#[case("settings:fuel-plugin-trove.tls.value == true", "write `settings:trove.tls.value`")]
#[case("settings:common.debgu.value == true", "did you mean `settings:common.debug.value`?")]
#[case("settings:trove.tls.value == 'true'", "without quotes")]
#[case("settings:trove.size.value == 'bigg'", "did you mean 'big'?")]
#[case(
    "not settings:trove.size.value == 's'",
    "write `not (settings:trove.size.value == 's')`"
)]
#[case("settings:trove.name.value == 5", "write '5'")]
#[case("settings:trove.tls.value && true", "write `and`")]
fn the_remedy_names_what_was_meant(#[case] restriction: &str, #[case] expected: &str) {
    let plugin = plugin("5.0.0").write("environment_config.yaml", &with_restriction(restriction));
    let help = plugin.findings()[0].help.clone().unwrap();
    assert!(help.contains(expected), "{help}");
}

#[test]
fn a_setting_that_only_some_of_the_releases_have_needs_strict_false() {
    let both = |strict: &str| {
        let restriction = format!("{{condition: 'settings:operator_user.name.value == ''x''', strict: {strict}}}");
        plugin("5.0.0")
            .replace("metadata.yaml", "newton-10.0", "liberty-8.0")
            .write("environment_config.yaml", &with_restriction(&restriction))
    };
    assert_eq!(both("true").found(), ["expression-setting 2:16"]);
    assert!(both("false").found().is_empty());
}

#[rstest]
#[case("expression-setting", "{min: '›settings:trove.sizes.value'}")]
#[case(
    "expression-syntax",
    "{min: 1, overrides: [{condition: 'settings:trove.tls.value == true and›', max: 2}]}"
)]
#[case("", "{min: 1, overrides: [{condition: 'settings:trove.tls.value == true', max: 2}]}")]
fn limits_of_roles_are_read_too(#[case] code: &str, #[case] limits: &str) {
    let roles = format!(
        "trove:\n  name: Trove\n  description: Databases\n  has_primary: false\n  weight: 100\n  limits: {limits}\n"
    );
    plugin("5.0.0")
        .write("environment_config.yaml", &with_restriction("'true'"))
        .check_marked("node_roles.yaml", &roles, code);
}

#[rstest]
#[case("task-condition-value", "mitaka-9.0", "›settings:trove.tls.value == true")]
#[case("task-condition-value", "mitaka-9.0", "›settings:common.debug.value")]
#[case("", "mitaka-9.0", "settings:trove.tls == true")]
#[case("", "liberty-8.0", "settings:trove.tls.value == true")]
#[case("", "mitaka-9.0", "{yaql_exp: '$.trove.tls.value'}")]
#[case("expression-syntax", "mitaka-9.0", "settings:trove.tls ==›")]
fn a_condition_of_a_task_is_judged_by_the_releases(#[case] code: &str, #[case] release: &str, #[case] condition: &str) {
    let tasks = format!("- id: a\n  version: 2.1.0\n  role: [controller]\n  type: skipped\n  condition: {condition}\n");
    plugin("4.0.0")
        .replace("metadata.yaml", "mitaka-9.0", release)
        .write("environment_config.yaml", &with_restriction("'true'"))
        .check_marked("deployment_tasks.yaml", &tasks, code);
}

#[rstest]
#[case("", "setting: {type: text, label: A, weight: 1, value: x}")]
#[case("", "setting: {type: checkbox, label: A, weight: 1, value: true}")]
#[case("", "setting: {type: password, label: A, weight: 1, value: {generator: password}}")]
#[case("", "setting: {type: hidden, label: '', weight: 1, value: ''}")]
#[case(
    "",
    "setting: {type: text_list, label: A, weight: 1, value: [a, b], regex: {source: '^[a-z]$', error: E}}"
)]
#[case(
    "",
    "setting: {type: select, label: A, weight: 1, value: a, values: [{data: a, label: A}]}"
)]
#[case(
    "",
    "setting: {type: radio, label: A, weight: 1, value: '', values: [{data: a, label: A}]}"
)]
#[case("setting-type", "setting: {type: ›string, label: A, weight: 1, value: x}")]
#[case("setting-default", "setting: {type: checkbox, label: A, weight: 1, value: ›'true'}")]
#[case("setting-default", "setting: {type: text, label: A, weight: 1, value: ›true}")]
#[case("setting-default", "setting: {type: text_list, label: A, weight: 1, value: ›a}")]
#[case("setting-choices", "›setting: {type: select, label: A, weight: 1, value: a}")]
#[case(
    "setting-choices",
    "setting: {type: select, label: A, weight: 1, value: ›b, values: [{data: a, label: A}]}"
)]
#[case(
    "setting-choices",
    "setting: {type: radio, label: A, weight: 1, value: a, values: [{data: a, label: A}, {data: ›a, label: B}]}"
)]
#[case(
    "setting-generator",
    "setting: {type: password, label: A, weight: 1, value: {generator: ›passwrd}}"
)]
#[case("setting-name", "›a.setting: {type: text, label: A, weight: 1, value: x}")]
#[case("setting-weight", "setting: {type: text, label: A, weight: ›-1, value: x}")]
#[case("setting-label", "setting: {type: text, label: ›' ', weight: 1, value: x}")]
#[case("default-secret", "setting: {type: password, label: A, weight: 1, value: ›trove}")]
#[case("", "setting: {type: password, label: A, weight: 1, value: ''}")]
#[case(
    "",
    "setting: {type: text, label: A, weight: 1, value: x, regex: {source: '\\S', error: E}}"
)]
#[case(
    "",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: '\\S', error: E}}"
)]
#[case(
    "regex-default",
    "setting: {type: text, label: A, weight: 1, value: ›any, regex: {source: '^\\d+$', error: E}}"
)]
#[case(
    "regex-syntax",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: ›'(a', error: E}}"
)]
#[case(
    "regex-syntax",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: 'b›(?<!a)', error: E}}"
)]
#[case(
    "regex-syntax",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: '›(?i)a', error: E}}"
)]
#[case(
    "regex-differs",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: 'a›\\Z', error: E}}"
)]
#[case(
    "regex-differs",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: 'a›{,3}', error: E}}"
)]
#[case(
    "regex-foreign",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: '[›[:alpha:]]', error: E}}"
)]
#[case(
    "regex-foreign",
    "setting: {type: text, label: A, weight: 1, value: '', regex: {source: '›/^a$/', error: E}}"
)]
#[case("braces-halved", "setting: {type: text, label: A, weight: 1, value: '›{{ host }}'}")]
#[case(
    "braces-kept",
    "setting: {type: text, label: A, weight: 1, value: 'http://{settings.MASTER_IP}/›{x}'}"
)]
#[case(
    "",
    "setting: {type: text, label: A, weight: 1, value: 'http://{settings.MASTER_IP}/{{x}}'}"
)]
#[case("", "setting: {type: text, label: A, weight: 1, value: '{\"a\": 1}'}")]
fn a_setting_that_fuel_9_does_not_take_as_it_is_meant_is_found(#[case] code: &str, #[case] setting: &str) {
    plugin("5.0.0").check_marked("environment_config.yaml", &format!("attributes:\n  {setting}\n"), code);
}

#[rstest]
#[case("db_password", "text", "trove", true)]
#[case("secret_key", "hidden", "abcdef", true)]
#[case("admin_token", "text", "abcdef", true)]
#[case("password_length", "text", "12", false)]
#[case("token_provider", "text", "fernet", false)]
#[case("private_key", "text", "/etc/ssl/key.pem", false)]
#[case("password_hint", "text", "x", false)]
#[case("db_password", "text", "as in the guide", false)]
fn a_default_secret_is_known_by_the_setting_s_name(
    #[case] name: &str,
    #[case] kind: &str,
    #[case] value: &str,
    #[case] is_secret: bool,
) {
    let setting = format!("attributes:\n  {name}: {{type: {kind}, label: A, weight: 1, value: '{value}'}}\n");
    let plugin = plugin("5.0.0").write("environment_config.yaml", &setting);
    assert_eq!(!plugin.found().is_empty(), is_secret);
}

#[rstest]
#[case("braces-raise", "a: {type: text, label: A, weight: 1, value: '›{\"a\": 1}'}")]
#[case("braces-raise", "a: {type: text, label: 'a ›{ b', weight: 1, value: ''}")]
#[case("", "a: {type: text, label: A, weight: 1, value: '{{a}} {settings.MASTER_IP}'}")]
#[case(
    "",
    "a: {type: text, label: A, weight: 1, value: aaa, regex: {source: 'a{3}', error: E}}"
)]
#[case("setting-type", "a: {type: ›number, label: A, weight: 1, value: {generator: uuid4}}")]
fn what_only_fuel_8_refuses_is_found_where_a_release_of_it_is_named(#[case] code: &str, #[case] setting: &str) {
    plugin("4.0.0")
        .replace("metadata.yaml", "mitaka-9.0", "liberty-8.0")
        .check_marked("environment_config.yaml", &format!("attributes:\n  {setting}\n"), code);
}

#[rstest]
#[case("", "curl {MASTER_IP} | awk '{{print $1}}'")]
#[case("", "curl ${MASTER_IP} | awk '{print $1}'")]
#[case("", "awk '{print $1}'")]
#[case("braces-kept", "curl {MASTER_IP} | awk '›{print $1}'")]
fn a_field_in_a_task_that_is_not_filled_in_is_found(#[case] code: &str, #[case] cmd: &str) {
    let tasks = format!(
        "- id: a\n  version: 2.1.0\n  role: [controller]\n  type: shell\n  parameters:\n    cmd: {cmd}\n    timeout: 60\n"
    );
    plugin("5.0.0").check_marked("deployment_tasks.yaml", &tasks, code);
}

#[rstest]
#[case("storage", &["section-clash"])]
#[case("mysql", &["section-clash"])]
#[case("trove", &[])]
fn a_plugin_called_like_something_of_fuel_s_is_found(#[case] name: &str, #[case] expected: &[&str]) {
    let plugin = plugin("5.0.0").replace("metadata.yaml", "name: 'trove'", &format!("name: {name}"));
    let codes: Vec<&str> = plugin.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, expected);
}

#[test]
fn a_section_of_nodes_called_like_a_key_of_fuel_s_is_found() {
    let plugin = plugin("5.0.0").replace("node_config.yaml", "plugin_section_a:", "role:");
    assert!(
        plugin.found()[0].starts_with("node-section-clash"),
        "{:?}",
        plugin.found()
    );
}

#[rstest]
#[case("deployment_scripts/configure.py", "print('x')\n", "constraint-python 0:0")]
#[case(
    "deployment_scripts/configure.sh",
    "#!/usr/bin/env python\nprint('x')\n",
    "constraint-python 0:0"
)]
#[case(
    "repositories/ubuntu/linux-image-4.4.0-31-generic_4.4.0-31.50_amd64.deb",
    "",
    "constraint-kernel 0:0"
)]
#[case("repositories/centos/kernel-lt-4.4.10-1.el7.x86_64.rpm", "", "constraint-kernel 0:0")]
#[case(
    "deployment_scripts/kernel.sh",
    "#!/bin/sh\napt-get -y install linux-image-generic\n",
    "constraint-kernel 2:1"
)]
#[case("deployment_scripts/initramfs.img", "", "constraint-bootstrap 0:0")]
#[case(
    "post_install.sh",
    "#!/bin/sh\nset -e\n  fuel-bootstrap build --activate\n",
    "constraint-bootstrap 3:3"
)]
#[case(
    "post_install.sh",
    "#!/bin/sh\ncobbler profile edit --name ubuntu\n",
    "constraint-provisioning 2:1"
)]
#[case(
    "post_install.sh",
    "#!/bin/sh\nsudo -u postgres psql nailgun\n",
    "constraint-database 2:18"
)]
#[case(
    "volumes.yaml",
    "volumes_roles_mapping:\n  controller: [{allocate_size: min, id: trove}]\nvolumes: []\n",
    "constraint-provisioning 2:3"
)]
fn what_a_plugin_must_not_do_is_found(#[case] file: &str, #[case] text: &str, #[case] expected: &str) {
    assert_eq!(plugin("5.0.0").write(file, text).found(), [expected]);
}

#[rstest]
#[case("deployment_scripts/configure.rb", "puts 'x'\n")]
#[case("repositories/ubuntu/linux-headers-4.4.0-31_4.4.0-31.50_all.deb", "")]
#[case("repositories/ubuntu/python-trove_5.0.0_all.deb", "")]
#[case(
    "post_install.sh",
    "#!/bin/sh\n# fuel-bootstrap build and cobbler sync are for operators\n"
)]
#[case(
    "volumes.yaml",
    "volumes_roles_mapping:\n  trove: [{allocate_size: min, id: os}]\nvolumes: []\n"
)]
fn what_a_plugin_may_do_is_no_finding(#[case] file: &str, #[case] text: &str) {
    assert!(plugin("5.0.0").write(file, text).found().is_empty());
}

#[rstest]
fn a_created_plugin_has_none_of_these(#[values("1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0")] package_version: &str) {
    assert!(plugin(package_version).found().is_empty());
}

#[test]
fn the_reference_plugin_has_none_of_these() {
    let directory = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../trove-plugin"));
    let mut findings = check(&directory).findings;
    findings.retain(|finding| CODES.contains(&finding.code));
    assert!(findings.is_empty(), "{findings:#?}");
}
