//! Tasks through a broker that the operator named: Debian's Redis and `RabbitMQ`, started by the test on loopback.

use super::{
    measures::{cache, named},
    policykit::World,
    rabbit::Rabbit,
    redis::Redis,
};

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn tasks_go_through_a_redis_that_the_operator_named() {
    let sources = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    );
    let ((Some(policykit), Some(gateway)), Some(redis)) = (sources, Redis::start()) else {
        eprintln!("skipped: no checkouts are named, or there is no redis-server");
        return;
    };
    let mut hall = World::bare(&[
        ("source_policykit", &policykit),
        ("source_gateway", &gateway),
        ("broker_url", &redis.address()),
    ])
    .await;
    hall.runtimes = cache().join("runtimes");
    hall.secrets
        .insert("broker_login".to_owned(), Redis::login());
    hall.provisioned().await;
    // It waits until the worker says that it is ready, which it is once the queue took it.
    hall.activate().await;
    redis.must_hold_only(&format!("guildhall-{}:", hall.marker));
    let files = std::fs::read_dir(hall.path("broker")).unwrap();
    assert_eq!(files.count(), 0, "tasks still lie in files");
    hall.deactivate().await;
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn tasks_of_two_communities_go_through_one_rabbitmq_and_neither_sees_the_others() {
    let sources = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    );
    let (Some(policykit), Some(gateway)) = sources else {
        eprintln!("skipped: GUILDHALL_POLICYKIT_SRC and GUILDHALL_METAGOV_SRC name no checkouts");
        return;
    };
    let Some(rabbit) = Rabbit::start() else {
        eprintln!("skipped: rabbitmq-server is not installed as Debian has it");
        return;
    };
    let active = async |slug: &'static str| {
        let mut hall = World::bare(&[
            ("source_policykit", &policykit),
            ("source_gateway", &gateway),
            ("broker_url", &rabbit.address()),
        ])
        .await;
        hall.slug = slug;
        hall.runtimes = cache().join("runtimes");
        hall.secrets
            .insert("broker_login".to_owned(), Rabbit::login());
        hall.provisioned().await;
        // It waits until the worker says that it is ready, which it is once the queue took it.
        hall.activate().await;
        hall
    };
    let mut rosewood = active("rosewood").await;
    let mut fern = active("fern").await;
    assert_ne!(rosewood.marker, fern.marker);
    let queues = rabbit.list("queues", &["name", "consumers", "durable"]);
    // Upstream's own name, from which any worker of PolicyKit would take.
    assert!(
        !queues.iter().any(|queue| queue[0] == "celery"),
        "{queues:?}"
    );
    for hall in [&rosewood, &fern] {
        let own = format!("guildhall-{}", hall.marker);
        let tasks = [own.clone(), "1".to_owned(), "true".to_owned()];
        assert!(queues.contains(&tasks.to_vec()), "{own}: {queues:?}");
        let files = std::fs::read_dir(hall.path("broker")).unwrap();
        assert_eq!(files.count(), 0, "tasks still lie in files");
    }
    // What is told to all workers, and what they tell, goes through exchanges of the instance's own as well.
    let shared: Vec<_> = rabbit
        .list("exchanges", &["name"])
        .into_iter()
        .map(|exchange| exchange.concat())
        .filter(|name| !name.is_empty() && !name.starts_with("amq."))
        .filter(|name| !name.contains("guildhall-"))
        .collect();
    assert_eq!(shared, [""; 0]);

    // While one is off nobody takes what waits for it, and it is there when it comes back.
    fern.deactivate().await;
    let left = rabbit.list("queues", &["name", "consumers"]);
    let own = format!("guildhall-{}", fern.marker);
    assert!(left.contains(&vec![own, "0".to_owned()]), "{left:?}");
    rosewood.deactivate().await;
}
