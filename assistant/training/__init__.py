"""How the judge learns from the worked cases. Needs the dependency group `training`; nothing here is used at run time."""
