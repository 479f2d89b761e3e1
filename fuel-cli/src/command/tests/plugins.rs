//! `fuel plugins`, and what goes wrong with any command.

use serde_json::Value;

use crate::configuration::Variables;
use crate::test_master::{Master, call, fields};

#[tokio::test]
async fn a_package_is_installed_listed_and_removed() {
    let master = Master::start().await;
    let package = master.package("greeter", "1.0.0", "4.0.0");
    let file = package.as_str();

    let called = master.fuel(&["plugins", "--install", file]).await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""));
    assert_eq!(called.output, format!("Plugin {file} was successfully installed.\n"));
    assert!(master.path("plugins/greeter-1.0/metadata.yaml").is_file());

    let called = master.fuel(&["plugins"]).await;
    assert_eq!(
        called.output,
        "id | name    | version | package_version | releases           \n\
         ---+---------+---------+-----------------+--------------------\n\
         1  | greeter | 1.0.0   | 4.0.0           | ubuntu (mitaka-9.0)\n"
    );
    let called = master.fuel(&["--json", "plugins", "list"]).await;
    let listed: Value = serde_json::from_str(&called.output).unwrap();
    assert_eq!(listed[0]["name"], "greeter");

    let called = master.fuel(&["plugins", "--remove", "greeter==1.0.0"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Plugin greeter==1.0.0 was successfully removed.\n")
    );
    assert!(!master.path("plugins/greeter-1.0").exists());
    let left: Vec<_> = fs_err::read_dir(master.path("plugins")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_is_installed_is_installed_again_only_by_force_and_updated_by_a_newer_package() {
    let master = Master::start().await;
    let old = master.package("old", "1.0.0", "4.0.0");
    let new = master.package("new", "1.0.1", "4.0.0");
    assert_eq!(master.fuel(&["plugins", "--install", old.as_str()]).await.code, 0);

    let called = master.fuel(&["plugins", "--install", old.as_str()]).await;
    assert_eq!(called.code, 1);
    assert_eq!(
        called.errors,
        format!(
            "Shell command executed with \"1\" exit code: yum -y install --disablerepo='*' {old} \n  hint: \
             `greeter-1.0` is installed in this version, 1.0.0; add --force to install it again\n"
        )
    );
    assert_eq!(
        master
            .fuel(&["plugins", "--install", old.as_str(), "--force"])
            .await
            .code,
        0
    );

    let called = master.fuel(&["plugins", "--update", new.as_str()]).await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""));
    let plugins = master.client().await.plugins().await.unwrap();
    assert_eq!(
        plugins.len(),
        1,
        "a plugin of the same major.minor version is updated in place"
    );
    assert_eq!(plugins[0].version, "1.0.1");

    for (action, package, why) in [
        (
            "--update",
            &old,
            "`greeter-1.0` is installed in a newer version, 1.0.1; --downgrade takes it back to 1.0.0",
        ),
        ("--update", &new, "`greeter-1.0` is installed in this version, 1.0.1"),
        (
            "--install",
            &old,
            "`greeter-1.0` is installed in a newer version, 1.0.1; --downgrade takes it back to 1.0.0",
        ),
    ] {
        let called = master.fuel(&["plugins", action, package.as_str()]).await;
        assert_eq!(called.code, 1);
        assert!(
            called.errors.ends_with(&format!("\n  hint: {why}\n")),
            "{}",
            called.errors
        );
    }
    let called = master.fuel(&["plugins", "--downgrade", old.as_str()]).await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""));
}

#[tokio::test]
async fn an_old_package_is_installed_with_a_warning_and_cannot_be_updated() {
    let master = Master::start().await;
    let package = master.package("greeter", "1.0.0", "1.0.0");
    assert_eq!(package.extension(), Some("fp"));
    let called = master.fuel(&["plugins", "--install", package.as_str()]).await;
    assert_eq!(called.code, 0, "{}", called.errors);
    assert!(
        called
            .errors
            .starts_with("DEPRECATION WARNING: The plugin has old 1.0 package format")
    );
    assert!(master.path("plugins/greeter-1.0.0/metadata.yaml").is_file());
    let called = master.fuel(&["plugins", "--update", package.as_str()]).await;
    assert_eq!(called.code, 1);
    assert!(
        called
            .errors
            .starts_with("Update action is not supported for old plugins"),
        "{}",
        called.errors
    );
    assert_eq!(master.fuel(&["plugins", "--remove", "greeter==1.0.0"]).await.code, 0);
    assert!(!master.path("plugins/greeter-1.0.0").exists());
}

#[tokio::test]
async fn a_broken_package_leaves_what_was_there() {
    let master = Master::start().await;
    let package = master.package("greeter", "1.0.0", "4.0.0");
    assert_eq!(master.fuel(&["plugins", "--install", package.as_str()]).await.code, 0);
    let whole = fs_err::read(&package).unwrap();
    fs_err::write(&package, &whole[..whole.len() / 2]).unwrap();
    let called = master
        .fuel(&["plugins", "--install", package.as_str(), "--force"])
        .await;
    assert_eq!(called.code, 1, "{}", called.output);
    let left: Vec<String> = master
        .path("plugins")
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    assert_eq!(left, ["greeter-1.0"]);
    assert!(master.path("plugins/greeter-1.0/metadata.yaml").is_file());
}

#[tokio::test]
async fn an_enabled_plugin_is_not_removed() {
    let master = Master::start().await;
    master.write_plugin("plugins/greeter-1.0", "1.0.0", "4.0.0");
    assert_eq!(master.fuel(&["plugins", "--register", "greeter==1.0.0"]).await.code, 0);
    let client = master.client().await;
    let called = master.fuel(&["env", "create", "--name", "e", "--rel", "2"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Environment 'e' with id=1 was created!\n")
    );
    client.enable_plugin(1, "greeter", None, &fields(&[])).await.unwrap();

    let called = master.fuel(&["plugins", "--remove", "greeter==1.0.0"]).await;
    assert_eq!(called.code, 1);
    assert_eq!(
        called.errors,
        format!(
            "400 Client Error: Bad Request for url: {}/api/v1/plugins/1 (Can't delete plugin which is enabled for \
             some environment.)\n",
            master.url()
        )
    );
    assert!(master.path("plugins/greeter-1.0").is_dir(), "its files stay");
}

#[tokio::test]
async fn an_old_plugin_that_is_registered_has_nothing_to_do_until_it_is_forced() {
    let master = Master::start().await;
    master.write_plugin("plugins/greeter-1.0.0", "1.0.0", "1.0.0");
    let register = ["plugins", "--register", "greeter==1.0.0"];
    let called = master.fuel(&register).await;
    assert_eq!(called.output, "Plugin greeter==1.0.0 was successfully registered.\n");

    let called = master.fuel(&register).await;
    assert_eq!(called.code, 1);
    assert_eq!(
        called.errors,
        "Nothing to do: Greeter, version 1.0.0, does not update installed plugin.\n"
    );

    let called = master
        .fuel(&["plugins", "--force", "--register", "greeter==1.0.0"])
        .await;
    assert_eq!((called.code, called.errors.as_str()), (0, ""));

    let called = master.fuel(&["plugins", "--unregister", "greeter==1.0.0"]).await;
    assert_eq!(called.output, "Plugin greeter==1.0.0 was successfully unregistered.\n");
    let called = master.fuel(&["plugins", "--unregister", "greeter==1.0.0"]).await;
    assert_eq!(called.errors, "Plugin \"greeter\" with version 1.0.0, does not exist\n");
}

#[tokio::test]
async fn plugins_are_synchronized() {
    let master = Master::start().await;
    master.write_plugin("plugins/greeter-1.0", "1.0.0", "4.0.0");
    let called = master.fuel(&["plugins", "--sync"]).await;
    assert_eq!(
        (called.code, called.output.as_str()),
        (0, "Plugins were successfully synchronized.\n")
    );
    assert_eq!(
        master.client().await.plugins().await.unwrap().len(),
        1,
        "9.x takes what is on the disk"
    );
}

#[tokio::test]
async fn wrong_use_is_told_in_fuelclients_words() {
    let master = Master::start().await;
    let cases: [(&[&str], i32, &str); 9] = [
        (
            &["plugins", "--install", "/etc/passwd"],
            1,
            "Plugin /etc/passwd has unsupported format \n",
        ),
        (
            &["plugins", "--install", "/etc"],
            1,
            "/etc is a directory, not a package\n  hint: `fpb build /etc` makes a package of a plugin's directory\n",
        ),
        (
            &["plugins", "--install", "/nowhere/x.rpm"],
            1,
            "File \"/nowhere/x.rpm\" does not exists\n",
        ),
        (
            &["plugins", "--install", "/nowhere/x.fp"],
            1,
            "File \"/nowhere/x.fp\" does not exists\n",
        ),
        (
            &["plugins", "--remove", "greeter"],
            1,
            "Syntax: fuel plugins <action> fuel_plugin==1.0.0\n",
        ),
        (
            &["plugins", "--remove", "greeter==1.0.0"],
            1,
            "Plugin \"greeter\" with version 1.0.0, does not exist\n",
        ),
        (
            &["plugins", "--register", "greeter==1.0.0"],
            1,
            "Plugin greeter with version 1.0.0 does not exist, install it and try again\n",
        ),
        (
            &["deploy-changes"],
            2,
            "error: the following arguments are required: --env\n\nFor more information, try '--help'.\n",
        ),
        (
            &["--os-password", "wrong", "plugins"],
            1,
            "Unauthorized: need authentication!\nPlease provide user and password via client\n\
             fuel --os-username=user --os-password=pass [action]\nor modify your credentials in your configuration file.\n",
        ),
    ];
    for (words, code, errors) in cases {
        let called = master.fuel(words).await;
        assert_eq!((called.code, called.errors.as_str()), (code, errors), "{words:?}");
    }
    assert_eq!(master.fuel(&["plugins", "--list", "--sync"]).await.code, 2);
}

#[tokio::test]
async fn without_a_master_the_command_says_how_to_find_one() {
    // A port of the loopback that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let variables = Variables::from([("SERVER_PORT".to_owned(), port.to_string())]);
    let called = call(&["plugins"], &variables).await;
    assert_eq!(called.code, 1);
    let expected = "Can't connect to Nailgun server!\nPlease check connection settings in your configuration file.\n";
    assert!(called.errors.starts_with(expected), "{}", called.errors);
}

#[tokio::test]
async fn a_host_without_a_plugins_directory_is_no_master() {
    let master = Master::start().await;
    fs_err::remove_dir(master.path("plugins")).unwrap();
    let package = master.package("greeter", "1.0.0", "4.0.0");
    let called = master.fuel(&["plugins", "--install", package.as_str()]).await;
    assert_eq!(
        called.errors,
        format!(
            "Package \"fuel\" is not installed. Action can be performed from Fuel master node only.\n  hint: a master \
             has the directory {}; FUELRIG_PLUGINS_DIR can name another one\n",
            master.path("plugins")
        )
    );
}

#[tokio::test]
async fn a_plugin_that_nailgun_does_not_take_is_not_half_installed() {
    let master = Master::start_as("7.0").await;
    let package = master.package("new", "1.0.0", "4.0.0");
    let called = master
        .fuel(&["plugins", "--install", package.as_str(), "--force"])
        .await;
    assert_eq!(called.code, 1);
    assert!(
        called.errors.contains("is not supported by Nailgun"),
        "{}",
        called.errors
    );
    let left: Vec<_> = fs_err::read_dir(master.path("plugins")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn an_old_package_that_nailgun_has_already_leaves_its_files_as_they_were() {
    let master = Master::start().await;
    let package = master.package("greeter", "1.0.0", "1.0.0");
    let install = ["plugins", "--install", package.as_str()];
    assert_eq!(master.fuel(&install).await.code, 0);
    fs_err::write(master.path("plugins/greeter-1.0.0/mine"), "edited").unwrap();
    assert_eq!(master.fuel(&install).await.code, 1);
    assert!(master.path("plugins/greeter-1.0.0/mine").is_file());
    let words = ["plugins", "--force", "--install", package.as_str()];
    assert_eq!(master.fuel(&words).await.code, 0);
    assert!(!master.path("plugins/greeter-1.0.0/mine").exists());
}

#[tokio::test]
async fn a_package_whose_directory_is_not_named_after_its_plugin_is_not_installed() {
    let master = Master::start().await;
    let plugin = master.path("evil-1.0.0");
    let package = master.path("evil.fp");
    for (name, version) in [("../../evil", "1.0.0"), ("evil", "2.0.0")] {
        let mut metadata = crate::test_plugin::metadata(version, "1.0.0");
        metadata["name"] = Value::from(name);
        crate::test_plugin::write(&plugin, &metadata);
        let parent = plugin.parent().unwrap();
        let packed = std::process::Command::new("tar")
            .args(["-czf", package.as_str(), "-C", parent.as_str(), "evil-1.0.0"])
            .status()
            .unwrap();
        assert!(packed.success());
        let called = master.fuel(&["plugins", "--install", package.as_str()]).await;
        assert_eq!(called.code, 1, "{}", called.output);
        let wanted = format!(
            "{package}: its directory is `evil-1.0.0`, but the name and version in its metadata.yaml make \
             `{name}-{version}`\n"
        );
        assert!(called.errors.contains(&wanted), "{}", called.errors);
        let left: Vec<_> = fs_err::read_dir(master.path("plugins")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
