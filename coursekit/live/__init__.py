"""The live class: one drill on the projector, everybody deciding on their own screen, paced by the trainer."""
