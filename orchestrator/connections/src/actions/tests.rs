//! What the actions do, and what is stored.

use store::Read as _;
use store::memory::MemoryStore;

use super::*;
use crate::kept::find;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct Scene {
    desk: Desk,
    store: MemoryStore,
}

impl Scene {
    fn new() -> Self {
        let (key, own) = (Arc::new(Key::read(KEY).unwrap()), str::to_owned);
        let desk =
            Desk { partition: own("aws"), region: own("us-east-1"), account: own("123456789012"), key };
        Self { desk, store: MemoryStore::new() }
    }

    async fn act(&self, action: &str, request: Value) -> Answer {
        self.desk.act(&self.store, action, request.to_string().as_bytes(), 1_500).await
    }

    async fn refused(&self, action: &str, request: Value) -> (&'static str, String) {
        let failure = self.act(action, request).await.unwrap_err();
        (failure.error(), failure.to_string())
    }
}

fn api_key(name: &str) -> Value {
    let parameters = json!({"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "SECRET"}});
    json!({"Name": name, "AuthorizationType": "API_KEY", "AuthParameters": parameters})
}

#[tokio::test]
async fn a_connection_is_made_described_listed_and_deleted() {
    let scene = Scene::new();
    let made = scene.act("CreateConnection", api_key("stripe")).await.unwrap();
    assert_eq!((&made["ConnectionState"], &made["CreationTime"]), (&json!("AUTHORIZED"), &json!(1.5)));
    let arn = ConnectionArn::read(made["ConnectionArn"].as_str().unwrap()).unwrap();
    assert_eq!((arn.name.as_str(), arn.region.as_str()), ("stripe", "us-east-1"));

    let kept = find(&scene.store, &arn).await.unwrap().unwrap();
    let opened = kept.open(&scene.desk.key).unwrap().unwrap();
    assert_eq!(opened.api_key.unwrap().value.expose(), "SECRET");
    let stored = scene.store.get("connection/us-east-1/stripe").await.unwrap().unwrap();
    let stored = String::from_utf8(stored.state.to_vec()).unwrap();
    assert!(stored.contains("x-key") && !stored.contains("SECRET"), "{stored}");

    let described = scene.act("DescribeConnection", json!({"Name": "stripe"})).await.unwrap();
    assert_eq!(described["AuthParameters"], json!({"ApiKeyAuthParameters": {"ApiKeyName": "x-key"}}));
    let (error, _) = scene.refused("CreateConnection", api_key("stripe")).await;
    assert_eq!(error, "ResourceAlreadyExistsException");

    let deleted = scene.act("DeleteConnection", json!({"Name": "stripe"})).await.unwrap();
    assert_eq!(deleted["ConnectionState"], "DELETING");
    assert_eq!(
        scene.refused("DescribeConnection", json!({"Name": "stripe"})).await.0,
        "ResourceNotFoundException"
    );
    scene.act("CreateConnection", api_key("stripe")).await.unwrap();
    assert_eq!(find(&scene.store, &arn).await.unwrap(), None, "another one has its name");
}

#[tokio::test]
async fn lists_have_pages() {
    let scene = Scene::new();
    for name in ["c", "a", "b", "x-a"] {
        scene.act("CreateConnection", api_key(name)).await.unwrap();
    }
    let names = |page: &Value| -> Vec<String> {
        page["Connections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = scene.act("ListConnections", json!({"Limit": 2})).await.unwrap();
    assert_eq!(names(&first), ["a", "b"]);
    let second =
        scene.act("ListConnections", json!({"Limit": 2, "NextToken": first["NextToken"]})).await.unwrap();
    assert_eq!((names(&second), second.get("NextToken")), (vec!["c".to_owned(), "x-a".to_owned()], None));
    assert_eq!(names(&scene.act("ListConnections", json!({"NamePrefix": "x-"})).await.unwrap()), ["x-a"]);
    assert_eq!(
        names(&scene.act("ListConnections", json!({"ConnectionState": "DEAUTHORIZED"})).await.unwrap()),
        [""; 0]
    );
}

#[tokio::test]
async fn what_is_not_said_anew_stays() {
    let scene = Scene::new();
    scene.act("CreateConnection", api_key("a")).await.unwrap();
    let told = json!({"Name": "a", "Description": "d", "AuthParameters": {"InvocationHttpParameters": {
        "HeaderParameters": [{"Key": "h", "Value": "v"}]}}});
    scene.act("UpdateConnection", told).await.unwrap();
    let opened = async || {
        let (kept, _) = kept::named(&scene.store, "us-east-1", "a").await.unwrap().unwrap();
        kept.open(&scene.desk.key).unwrap()
    };
    let authorization = opened().await.unwrap();
    assert_eq!(authorization.api_key.unwrap().value.expose(), "SECRET");
    assert_eq!(authorization.invocation.headers[0].value.expose(), "v");

    let same = json!({"Name": "a", "AuthorizationType": "API_KEY"});
    scene.act("UpdateConnection", same).await.unwrap();
    assert_eq!(opened().await.unwrap().api_key.unwrap().value.expose(), "SECRET");
    let (_, why) =
        scene.refused("UpdateConnection", json!({"Name": "a", "AuthorizationType": "BASIC"})).await;
    assert!(why.contains("needs AuthParameters.BasicAuthParameters"), "{why}");

    let basic = json!({"BasicAuthParameters": {"Username": "me", "Password": "p"}});
    let wrong = json!({"Name": "a", "AuthParameters": basic});
    let (error, why) = scene.refused("UpdateConnection", wrong).await;
    assert!(error == "ValidationException" && why.contains("no other kind beside it"), "{why}");
    scene
        .act("UpdateConnection", json!({"Name": "a", "AuthorizationType": "BASIC", "AuthParameters": basic}))
        .await
        .unwrap();
    let authorization = opened().await.unwrap();
    assert_eq!((authorization.kind(), authorization.invocation.headers.len()), (Some("BASIC"), 1));

    let deauthorized = scene.act("DeauthorizeConnection", json!({"Name": "a"})).await.unwrap();
    assert_eq!(deauthorized["ConnectionState"], "DEAUTHORIZED");
    assert_eq!(opened().await, None);
}

fn key_with(name: &str, value: &str) -> Value {
    json!({"AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": name, "ApiKeyValue": value}}})
}

fn headers(headers: Value) -> Value {
    json!({"AuthParameters": {"InvocationHttpParameters": {"HeaderParameters": headers}}})
}

#[tokio::test]
async fn with_all_that_it_needs_a_connection_is_one_again_though_its_key_is_gone() {
    let mut scene = Scene::new();
    scene.act("CreateConnection", api_key("a")).await.unwrap();
    scene.desk.key = Arc::new(Key::read(&KEY.replace("00", "ff")).unwrap());
    let described = scene.act("UpdateConnection", json!({"Name": "a", "Description": "d"})).await;
    assert!(described.is_ok(), "nothing is opened for that");
    let (error, _) =
        scene.refused("UpdateConnection", json!({"Name": "a", "AuthorizationType": "API_KEY"})).await;
    assert_eq!(error, "InternalException");
    scene.act("UpdateConnection", api_key("a")).await.unwrap();
    let (kept, _) = kept::named(&scene.store, "us-east-1", "a").await.unwrap().unwrap();
    assert!(kept.open(&scene.desk.key).unwrap().is_some());
}

#[tokio::test]
async fn of_two_that_make_one_of_a_name_one_is_told_that_it_exists() {
    let scene = Scene::new();
    scene.act("CreateConnection", api_key("a")).await.unwrap();
    let (kept, _) = kept::named(&scene.store, "us-east-1", "a").await.unwrap().unwrap();
    let error =
        async |expected| kept::put(&scene.store, "us-east-1", &kept, expected).await.unwrap_err().error();
    assert_eq!(error(0).await, "ResourceAlreadyExistsException");
    assert_eq!(error(7).await, "ConcurrentModificationException");
}

#[tokio::test]
async fn what_is_wrong_is_told_and_no_secret() {
    let scene = Scene::new();
    let with = |changes: Value| {
        let mut request = api_key("a");
        merge(&mut request, changes);
        request
    };
    for (request, expected) in [
        (with(json!({"Name": "a b"})), "Value 'a b' at 'name'"),
        (with(json!({"Name": "x".repeat(65)})), "at 'name' failed"),
        (with(json!({"AuthorizationType": "BASIC"})), "needs AuthParameters.BasicAuthParameters"),
        (with(json!({"AuthorizationType": "DIGEST"})), "[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"),
        (with(json!({"Unknown": 1})), "Unknown"),
        (with(json!({"AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": 5}}})), "ApiKeyName"),
        (json!({"Name": "a"}), "AuthParameters"),
        (with(json!({"Description": "d".repeat(513)})), "at 'description'"),
        (with(json!({"KmsKeyIdentifier": "k"})), "KmsKeyIdentifier is not served here"),
        (with(key_with("a b", "v")), "ApiKeyAuthParameters: the header \"a b\" cannot have its value"),
        (with(key_with("Host", "v")), "the header \"Host\" cannot be set"),
        (with(key_with("x", &"SECRET".repeat(100))), "ApiKeyValue has 600 characters, and may have 512"),
        (with(headers(json!([{"Value": "v"}]))), "HeaderParameters[0].Key is empty"),
        (
            with(headers(json!([{"Key": "a", "Value": "SECRET\n"}]))),
            "HeaderParameters[0]: the header \"a\" cannot have its value",
        ),
        (
            with(headers(json!(vec![json!({"Key": "a", "Value": "v"}); 101]))),
            "has 101 elements, and may have 100",
        ),
    ] {
        let (error, why) = scene.refused("CreateConnection", request).await;
        assert!(error == "ValidationException" && why.contains(expected), "{expected}: {why}");
        assert!(!why.contains("SECRET"), "{why}");
    }
    let oauth = |method: &str, endpoint: &str| {
        let client = json!({"ClientID": "me", "ClientSecret": "SECRET"});
        let oauth =
            json!({"ClientParameters": client, "AuthorizationEndpoint": endpoint, "HttpMethod": method});
        json!({"Name": "o", "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AuthParameters": {"OAuthParameters": oauth}})
    };
    assert!(
        scene.refused("CreateConnection", oauth("PATCH", "https://h/t")).await.1.contains("GET, POST or PUT")
    );
    for endpoint in ["ftp://h/t", "https://", "https://u:SECRET@h/", "https://h/#f", "https://h/a b"] {
        let (_, why) = scene.refused("CreateConnection", oauth("POST", endpoint)).await;
        assert!(why.contains("AuthorizationEndpoint must be a URL") && !why.contains("SECRET"), "{why}");
    }
    scene.act("CreateConnection", oauth("POST", "https://h/t")).await.unwrap();
    assert_eq!(
        scene.desk.act(&scene.store, "ListRules", b"{}", 0).await.unwrap_err().error(),
        "ValidationException"
    );
}
