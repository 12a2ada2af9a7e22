"""The words of postal addresses in the languages that companies write to."""

from __future__ import annotations

# After the name: "12 Oak Street". These mean a street almost wherever they stand so.
SUFFIXES = (
    r"street|str|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace|parkway|pkwy|"
    r"highway|hwy|freeway|turnpike|expressway|circle|cir|crescent|cres|gardens|gdns|mews|alley|esplanade|promenade|"
    r"causeway|crossing|trail|trl|plaza|quay|close|grove|marg|nagar|sokak|sok|caddesi|cad|bulvar[ıi]|mahallesi|utca|u|"
    r"útja|út|tér|körút|ulica|ulice|ulitsa|prospekt|gata|gate|katu|tie|kuja|gatan|vägen|vej|gade|straat|weg|plein|laan|"
    r"straße|strasse|stræti|stræde|tee|puiestee|trg|cesta|náměstí|třída|tänav|maantee|iela|gatvė"
)
# These mean a street only where a whole address stands around them.
WEAK_SUFFIXES = (
    r"way|row|rise|hill|walk|path|loop|wharf|parade|green|heights|hollow|landing|manor|meadows?|mills?|park|pass|pike|"
    r"point|ridge|route|run|springs?|station|union|valley|views?|village|vista|estates?|falls|ferry|fields?|ford|forest|"
    r"forge|fork|glen|harbor|haven|island|junction|keys?|knolls?|lakes?|lodge|mission|motorway|mountain|neck|orchard|"
    r"oval|overpass|plains?|port|prairie|ranch|rapids|river|shoals?|shores?|skyway|spur|squares|streets|roads|throughway|"
    r"tunnel|turnpike|viaduct|ville|brooks?|burgs?|cape|cliffs?|club|corners?|coves?|creek|crest|curve|dale|dam|divide|"
    r"bayou|beach|bend|bluffs?|branch|bridge|camp|canyon|bypass|common|commons|trace|track|stream|summit|light|locks?|"
    r"inlet|isle|rest|ramp|radial|rue|passage|parks|gateway|garden|drives|courts|circles|center|centers"
)
# Capitalised after a capitalised name they are a street without a number too.
PLAIN_SUFFIXES = r"street|avenue|boulevard|blvd|road|lane|drive|ave|rd|straße|strasse"
# Ends of one-word street names: "Hauptstraße 5".
COMPOUNDS = (
    r"stra(?:ß|ss)e|str\.|stasse|gasse|gässchen|weg|platz|allee|ufer|damm|ring|steig|stieg|chaussee|markt|graben|hof|berg|"
    r"straat|steenweg|laan|plein|plaats|kade|gracht|dijk|dreef|singel|baan|pad|gata|gatan|gate|gaten|gade|vägen|vegen|veien|"
    r"vägen|vej|vejen|stræde|torv|torget|stræti|straeti|plads|stien|stigen|bakken|bakke|bakkene|lia|haugen|åsen|toppen|backe|gränd|stígur|gerði|"
    r"katu|tie|kuja|polku|kaari|ranta|götu|gata|braut|utca|utja|tänav|iela|ulice|gatvė|parken|väg|veg|vei|leden|gård|gården|heim"
)
# Before the name: "Rue de Rivoli 12".
PREFIXES = (
    r"rue|av|avenue|boulevard|bd|bld|place|pl|quai|chemin|chem|allée|impasse|cours|route|rte|faubourg|square|passage|ruelle|"
    r"via|viale|v\.le|piazza|p\.za|piazzale|corso|c\.so|largo|vicolo|strada|lungomare|contrada|località|"
    r"calle|c|cl|c\.|avda|avenida|av|paseo|pso|plaza|pza|plz|camino|camiño|carrera|cra|carretera|ctra|ronda|travesía|"
    r"calzada|callejón|glorieta|rambla|urbanización|urb|bulevar|diagonal|jirón|jr|rúa|carrer|avinguda|plaça|passeig|"
    r"rua|r|avenida|travessa|praça|praca|estrada|alameda|rodovia|beco|largo|quinta|"
    r"ul|ulica|ulice|al|aleja|aleje|pl|plac|os|osiedle|nám|námestie|trg|cesta|bul|bulevardul|bd|str|strada|calea|aleea|"
    r"șoseaua|sos|ulitsa|ul|prospekt|pr|pereulok|naberezhnaya|шоссе|ул|улица|пр|проспект|пер|"
    r"jalan|jl|lorong|soi|thanon|odos|οδός|leoforos|λεωφόρος|an|am|auf|in der|im|zum|zur|obere|untere|"
    r"unter den|alte|alter|"
    r"neue|neuer|große|grosse|kleine|calle de|rue de"
)
UNITS = (
    r"apartment|apt|appt|app|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|block|blk|tower|level|lvl|"
    r"house|hse|lot|space|spc|piso|depto|dpto|depart(?:a)?mento|interior|int|oficina|of|local|étage|etage|bâtiment|bât|"
    r"appartement|stiege|top|wohnung|whg|haus|aufgang|hus|lgh|leil|scala|interno|andar|bloco|sala|lote|m\.|lok|daire|kat|"
    r"plot|shop|gate|wing|villa|penthouse|ph"
)
BOXES = (
    r"p\.?\s?o\.?\s?box|post(?:al)?\s(?:office\s)?box|postfach|apartado(?:\sde\scorreos)?|apdo|casilla|caixa\spostal|"
    r"case\spostale|boîte\spostale|b\.?p\.?|c\.?p\.?|casella\spostale|postbus|postboks|boks|box|pobox|gpo\sbox|private\sbag|locked\sbag|"
    r"skrzynka|pf|pl|a/ya|pmb|r\.?r\.?|hc"
)
PARTICLES = (
    r"de|la|le|les|du|des|del|della|delle|dei|di|da|dal|dalla|dallo|degli|dello|das|do|dos|d|l|van|von|vom|der|den|het|ten|ter|te|the|of|and|y|e|et|"
    r"und|op|aan|am|an|im|in|zum|zur|bei|auf|i|og|och|na|nad|pod|u|sur|sous|en|al|el|las|los|св|saint|santa|san|st|ste"
)
