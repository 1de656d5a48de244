//! Walking the picture by keyboard: all shapes in reading order, and the nearest one in a direction.

use super::{Pod, Rect, Scene};
use crate::view::Target;

/// A shape that can be pointed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub target: Target,
    pub rect: Rect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

impl Scene {
    /// Every shape, from the top, outer ones before those inside.
    pub fn shapes(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        let mut add = |target: &Target, rect: Rect| shapes.push(Shape { target: target.clone(), rect });
        for component in &self.strip.components {
            add(&component.target, component.rect);
        }
        for pod in &self.unplaced {
            add_pod(pod, &mut add);
        }
        for node in &self.nodes {
            add(&node.target, node.rect);
            add(&node.kubelet.target, node.kubelet.rect);
            for pod in &node.pods {
                add_pod(pod, &mut add);
            }
            add(&node.folder.target, node.folder.rect);
            for file in &node.folder.files {
                add(&file.target, file.rect);
            }
        }
        add(&self.backbone.target, self.backbone.rect);
        for service in &self.services {
            add(&service.target, service.rect);
        }
        shapes
    }

    /// The shape that an arrow key leads to: the nearest in that direction, nearer to the straight line before farther from it.
    pub fn neighbour(&self, from: &Target, direction: Direction) -> Option<Target> {
        let shapes = self.shapes();
        let start = shapes.iter().find(|s| s.target == *from)?;
        let anchor = anchor(start);
        let distance = |shape: &Shape| {
            let to = self::anchor(shape);
            let (dx, dy) = (to.0 - anchor.0, to.1 - anchor.1);
            let (along, across) = match direction {
                Direction::Left => (-dx, dy),
                Direction::Right => (dx, dy),
                Direction::Up => (-dy, dx),
                Direction::Down => (dy, dx),
            };
            // Within about 60° of the direction.
            (along > 1.0 && across.abs() <= along * 1.8).then_some(along + across.abs() * 1.5)
        };
        shapes
            .iter()
            .filter(|s| s.target != *from)
            .filter_map(|s| Some((distance(s)?, s)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, s)| s.target.clone())
    }
}

/// Where a shape is entered: near its heading, so that frames and what lies inside them differ.
fn anchor(shape: &Shape) -> (f64, f64) {
    let rect = shape.rect;
    (rect.x + rect.w.min(160.0) / 2.0, rect.y + rect.h.min(36.0) / 2.0)
}

fn add_pod(pod: &Pod, add: &mut impl FnMut(&Target, Rect)) {
    add(&pod.target, pod.rect);
    for card in &pod.cards {
        add(&card.target, card.rect);
    }
    if let (Some(rail), Target::Pod(_)) = (pod.rails.last(), &pod.target) {
        add(&rail.target, Rect { x: rail.from.x, y: rail.from.y - 8.0, w: rail.to.x - rail.from.x, h: 16.0 });
    }
    if let Target::Pod(_) = &pod.target {
        for volume in &pod.volumes {
            add(&volume.target, volume.rect);
        }
    }
}
