// The English list of 2,048 words, as one string so that it compresses well. The frozen original is
// vectors/words/en.txt; words.test.ts fails when the two differ. Knows nothing else.

/** All 2,048 words, sorted, each known by its first four letters. */
export const ENGLISH: readonly string[] = `
abbey ability able about above acacia access account achieve acorn acoustic acquire across act
action actor actress actual adapt add address adjust admire adorn adult advance advice afford
afloat again agate age agile agree ahead aim air airport aisle album all alley allow almost
alpha alpine already also alter always amateur amazing amber ambient amble among amount ample
amused anchor ancient anew angle animal ankle announce annual another answer antenna antique
antler any apart appear apple approve april apron aqua arcade arch arctic area arena aria aroma
around arrange arrive arrow art artist artwork ask aspect asset assist assume athlete atlas atom
attend attitude attract august aunt aurora author auto autumn avenue average aviary avocado
awake aware away awesome axis azure baby bachelor bacon badge bag bagel bake balance balcony
ball balm bamboo banana banjo banner bar barley barn barrel base basic basket bath beach beagle
beam bean bear beauty beaver because become bed bee beet before begin behave behind beige
believe bell below belt bench benefit berry beside best better between beyond bicycle bike
biology bird birth biscuit black blanket blazer blend bless blink blithe bloom blossom blouse
blue blush board boat body boil bonnet bonus book boost border borrow boss boulder bounce
bouquet bow bowl box boy bracket braid brand brass brave bread breeze brew brick bridge brief
bright bring brisk broad broccoli bronze broom brother brown brush bubble bucket bud buddy
buffalo build bulb bulk bunny buoy burger burrow bus busy butler butter buzz cabbage cabin cable
cactus cake call calm camera camp can canal candy canoe canvas canyon capable capital captain
car caramel carbon card caress cargo carnival carol carpet carry cart carve cascade case cash
castle casual cat catalog catch category cattle cause cave cayenne cedar ceiling celery cello
century cereal certain chair chalk champion change chapter charm chat check cheese chef cherry
chest chicken chief child chimney chives choice choose chord chowder chuckle chunk cider cinema
cinnamon circle citizen citrus city civil claim clam clap clarify classic clay clean clever
click climb clip cloak clock close cloth cloud clover clown club cluster coach coast cobalt
cobble cocktail coconut code coffee coil coin collect color column combine come comfort comic
common company concert conduct cone confirm connect consider contour cook cool copper copy coral
core cork corn correct cosmos cotton couch country couple course cousin cover cowboy coyote cozy
cradle craft crane crayon cream creek crescent crew cricket crimson crisp crocus crop crown
cruise crumpet crunch crystal cube cuckoo cuddle cuff culture cup cupboard curious curl current
curtain curve cushion custom cute cycle dad daffodil dahlia dainty dairy daisy dance dapper
daring darling daughter dawn day daytime dazzle deal dear decade december decide deck decorate
dedicate deed deep deer define degree deliver delta denim depend depth describe desert design
desk dessert destiny detail develop devote dew diagram dial diamond diary dice differ dignity
dimple diner dinner dinosaur direct discover dish display distance dock document dog dogwood
doll dolphin domain dome domino donate donkey donor doodle door double doughnut dove downy draft
dragon drama draw dream dress drift drill drink drive drizzle drop drum dry duck dumpling dune
duo during dutch duty duvet dynamic eager eagle early earn earring earth easel easily east easy
echo ecology economy edge edit educate effort egg eight either elbow elder electric elegant
element elephant elevator elite elm else embark ember emblem embody embrace emerge emotion
employ empower empress enable enact encore endear endorse energy engage engine enhance enjoy
enough enrich enroll ensure enter entire entry envelope epic equal equip era essay essence
esteem eternal ethics evening everyday evidence evoke evolve exact example exchange excite
exercise exhibit exist exotic expand expect explain express extend extra eye eyebrow fable
fabric face faculty fair faith falcon fame family famous fan fancy fanfare fantasy farm fashion
father favorite fawn feast feature february feed feel fellow female fence fennel fern ferry
festival fetch few fiber fiction fiddle field fig figure file film filter finch find fine finger
fire firm first fish fit fitness fix flag flame flannel flash flat flavor fleece flight flip
float flock floor flour flower fluent fluffy fluid flute fly foam focus fog foil fold foliage
follow fondue food foot forage forest forgive fork formal fortune forum forward foster found fox
frame freckle free frequent fresh friend fringe frisky frog frolic front frost fruit fudge fuel
fun funny future fuzzy gadget gain galaxy gallery game garage garden garlic garment garnet gate
gather gauge gaze gelato gem general genius genre gentle genuine geranium gesture giant gift
giggle ginger giraffe girl give glacier glad glance glass gleam glen glide glimpse glisten globe
glory glossy glove glow glue gnome goat goddess gold golf gondola gong good goose grace grain
grant grape grass gravy great green grid grin grocery group grove grow guess guide guitar gull
gust gym habit haiku hair half hallway hammock hamster hand happy harbor harmony harness harp
harvest hat hatch have hawk hay hazel head health heart heather hedgehog heed height hello help
hen herb hero hickory hidden high hike hill hinge hint hire history hobby hockey hold holiday
holly home honey hood hooray hope horizon horn horse host hotel hour house huddle hug huge hum
human humble humming humor hundred ice iceberg icon idea identify iguana illume image imitate
immense improve inch include increase index indicate indoor infant inform initial ink inkling
inlet inner innocent input inquiry inside inspire install intact interest into invest invite
iris iron island item itself ivory jacket jade jaguar jar jasmine jazz jeans jelly jersey jewel
jigsaw jingle job join joke jolly journey joy joyful jubilee juggle juice jump jungle junior
just kale kangaroo kayak keen keep kestrel ketchup kettle key keyboard kid kin kind kingdom
kinship kiss kit kitchen kite kitten kiwi knack knee knit knock knot know koala label lace
ladder lady lagoon lake lamb lamp landing language lantern laptop lapwing larder large lark
latch later latin laugh laundry laurel lavender lawn layer leader leaf league leap learn leather
left legend leisure lemon lemur lend length lens lentil leopard lesson letter level liberty
library license life lift light like lilac lime linen link lion liquid list little live lizard
llama load loaf lobby local lock lodge lofty logic lollipop long loop lotus loud lounge love
loyal lucky luggage lullaby lumber lunar lunch luxury lyrics macaroon machine magenta magic
magnet magpie mahogany mail main make mallow mammal man manatee mango mansion mantle manual
maple marble march margin marine market marriage marsh marvel mass match material math matrix
matter mayor maze meadow meander measure meat mechanic medal media meet mellow melody melt
member memory mend mention menu mercy merit mermaid merry mesa mesh message metal method middle
midnight midway mild milk million mimic mind mingle minimum minnow mint minute miracle mirror
mirth misty mitten mix mixed mixture mocha model modify mom moment monarch monsoon month moon
moose moral more morning mosaic moss mother motion motor motto mountain mouse move movie much
muffin mulberry mulch mule multiply mural museum mushroom music must mutual myriad myrtle myself
mystery myth name napkin narrow nation nature near neat neck nectar need neighbor neon nephew
nest net nettle neutral news newt next nice niece night nimble noble nod noodle noon normal
north nose notable note notice nourish novel now number nursery nurture nut nutmeg oak oaken
oasis oatmeal oats oboe observe obtain obvious ocean october odyssey offer office often oil okay
olive olympic once one ongoing onion online only onward opal open opera option opus oracle
orange orbit orchard order ordinary oregano orient original osprey ostrich other otter outdoor
outer outfit outing outlook outside oval oven over owl own owner oxford oyster packet paddle
page paint pair palace palette palm panda pansy panther papaya paper papyrus parade parcel
parent park parrot party pasta patch path patio pattern pause pave pavilion peace peanut pear
pebble pecan pedal pedigree peep pelican pen pencil pendant penguin peony people pepper perfect
perky person pet petal phoenix phone photo phrase piano piccolo pickle picnic picture piece pier
pigeon pillow pilot pine pink pioneer pipe pitch pixel pizza place plait planet plastic plate
play plaza please pledge plenty pluck plug plum pocket poem poet point polar polite polka pollen
poncho pond pony pool poplar popular porch porridge portion position possible post potato
pottery powder power practice praise precious predict prefer prepare present pretty price pride
primary print private prize project promote proof propel prosper protect proud provide public
pudding puffin pull pumpkin pupil puppy purchase pure purpose purse push put puzzle pyramid
quail quality quarter queen question quick quiet quill quince quiz quote rabbit raccoon race
radio raft rail rain raise rally ramble ramp random range rapid rare rather raven reach ready
real reason rebuild recall receive recipe record recycle redwood reed refine reflect refresh
regatta region regular rehearse reindeer rejoice relax release relief rely remember remind
render renew rent reopen repair repeat resemble resource retain retire return reunion reverie
review reward rhyme rhythm ribbon rice rich riddle ride ridge right ring ripe ripple rise ritual
river road roam roast robe robin robot robust rocket roll romance romp roof rookie room rose
rosy rotate round route rowan rowboat rowing royal ruby ruffle rug rule run running runway rural
rustle rye saddle safe saffron saga sage sail salad salmon salsa salt salute same sample sand
sapling sapphire satisfy sauce sauna sausage save savor say scallop scarf scene school science
scone scooter scout screen script scroll sea seagull seal search season seat second sedge seed
seek sell senior sense serenade series service sesame session settle seven shamrock share shawl
sheep shell shepherd sherbet shield shimmer shine ship shoe shop shore shoulder showcase shrimp
shuffle shuttle sibling side sierra sight sign silent silk silver similar simmer simple since
sing sister six sixteen size sizzle skate sketch ski skill skin skip skirt skylark slate sled
sleeve sleigh slender slice slide slipper small smart smile smooth snack snail snore snow snug
soap soar soccer social sock soda sofa soft solar solid solo solution solve someone sonar song
sonnet soon soothe soprano sort sound soup source south souvenir space spare speak special spell
sphere spice spin spire splash splendid spoken sponsor spoon sport spot spray spread spring
sprout spruce square squirrel stadium stairs stamp stand staple start state stay steak steel
stellar stem step stick still stitch stone story stove straw street stride strong student sturdy
style subject subtle subway success such sugar suggest suit summer sun sunbeam sundae sunlit
sunny sunrise sunset super supper sure surface surprise survey sustain swallow swan sway sweater
sweet swell swift swim swing swirl sycamore symbol symphony syrup tabby table tail takeoff
talent talk tandem tango tape tartan taste taxi tea teach teal team teapot tell tempura ten tend
tennis tent terrier text thank that thaw theater theme then theory there they thimble thing this
thought three thrive thrush thumb thunder thyme ticket tide tidy tiger tile tilt timber time
tinsel tiny tip tiptoe title toast today toddler toffee tofu together token tomato tomorrow tone
tongue tonight tool tooth top topaz topic torch tortoise toucan tourist toward tower town toy
track trade train tranquil travel tray treat tree trellis trend tricycle trim trio trip triumph
trolley trophy trout true truly trumpet trust truth try tuba tuition tulip tuna tunnel turf
turkey turn turtle tweed twelve twenty twice twig twin twist two type umbrella unbroken uncle
uncover under undo unfold uniform unique unison unite universe unlock until unusual unveil
upbeat update upgrade uphold upkeep upland uplift upon upper upright upward use used useful
utility utopia vacation valid valley valor value valve van vanilla various vase vast vault
vehicle velvet venture venue verb version very vessel vibrant victory video view village vine
vintage violin virtue visit vista visual vital vivid vocal voice volume voyage waffle wagon wait
walk wall walnut waltz wander warble wardrobe warm wash watch water wave wavy wax way wealth
wear weather weave web wedding weekend welcome welfare wellness west wet whale what wheat wheel
when where whimsy whisper whole wicket wide width wife wiggle wild willow win window wine wing
wink winner winter wire wisdom wise wish wisteria wit wizard woman wonder wood wool word work
world worth wove wrap wrist write yacht yard yarn year yellow yogurt yonder you young youth yule
yummy zeal zebra zest zigzag zinnia zipper zone zoo zucchini
`
  .trim()
  .split(/\s+/);
