"""`decode: on-activity`: while nothing happens only key pictures are decoded, and what was passed over is kept until
then."""
