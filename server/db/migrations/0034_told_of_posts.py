"""Who wants to hear of each post of somebody is found without all who follow them."""

SQLITE = ["""CREATE INDEX "idx_follow_notifies" ON "follow" ("target_id") WHERE notifies"""]

POSTGRES = SQLITE
