/* The element inside a wrapper and the pads that it is linked to: what is pushed into "into" comes out at "from". */

#pragma once

#include "wrapper.h"

/* Make, link and start what works on such caps; FALSE when nothing does, and then the reason was posted. */
gboolean inner_make (Wrapper * self, GstCaps * caps);

/* Stop it and let it go, if there is one. No data may flow. */
void inner_drop (Wrapper * self);

/* Its pad, to be unreferenced; NULL when there is no inner element. */
GstPad *inner_pad (Wrapper * self, gboolean src);
