"""The office: everything that staff can do. A function asks `roles` whether it may, decides, and returns one save.

desk          the unlocked desk: the one way to save
founding      an organisation's first desk; unlocking
intake        requests for help: taken down, ordered, checked, accepted or ended
casework      adding and changing any record; tasks, check-ins, alarms, closure; looking at what is masked
people        what holds for persons, checks, consent, risk
shelter       places and stays
journeys      routes, applications, decisions, trips, arrivals
money         donations and expenses
testimony     sources, claims, citations
signs         signs of life noted in one press, and the next one by their rhythm
duty          who answers at night
time_zones    the zones of the people we serve
fingerprints  what a desk and an organisation are recognised by
staff         members and partners; who reads a folder
outside       helpers without a desk: what they are told, under which consent; task slips
attachments   files
cards         by which other organisations are known
packets       sealing to their cards, and opening what they sealed
offers        what may leave of a case
handover      a case referred to another organisation
laying_out    what a referral from elsewhere becomes
referrals     what another organisation referred to us, and the answers
drafts        half-written forms, open desk or locked
erasure       hiding a folder, and what follows
export        records written to a file
backup        backup, restore, drill
reading       whether a member may look at all
writing       one save in the making
codenames     code names in use at this desk
"""
