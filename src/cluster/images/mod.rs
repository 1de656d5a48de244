//! The image catalogue: the images of the recorded cluster with what they do, and those that a learner describes.
