//! Scenes of real runs.
use crate::api::SimTime;
use crate::cluster::Config;
use crate::session::{Input, Session};

#[test]
fn dev() {
    let mut s = Session::new(Config::nodes(2));
    s.play_to(SimTime(2000));
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: app, image: 'ghcr.io/subicura/echo:v1', livenessProbe: {httpGet: {path: /not, port: 8080}, periodSeconds: 5, failureThreshold: 1}}\n";
    s.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
    s.play_to(SimTime(30_000));
    for e in s.cluster().log().iter() { println!("{} {:?}", e.at, e.fact); }
    let scene = super::scene::build(&s, &Default::default(), 900.0);
    println!("{:#?}", scene.nodes.iter().flat_map(|n| &n.pods).collect::<Vec<_>>());
    println!("{:#?}", super::timeline::build(&s, None));
}
