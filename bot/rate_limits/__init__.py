"""Pure rules of pacing: limits, meters, the scheduler, the cadence of edits."""
