"""The review queue: a person decides where the program is not sure, and the decision is kept.

intake        a question becomes a task, and the asker's waiting message, in one transaction
queue         who sees which tasks, in which order; claims by lease
decisions     one conditional write resolves a task and delivers the answer
verified      approved answers, as long as their sources stand as they were; found by meaning and words
staleness     a changed source suspends its verified answers and queues them again
memory        what the semantic cache is told of a decision
lessons       what decisions say about the confidence of drafts
regressions   corrections, to be asked again
outbox        webhook and e-mail, written with the fact that they tell, sent afterwards
figures       how the queue is doing
"""
