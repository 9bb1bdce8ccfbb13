/* The camera service behind nvarguscamerasrc: which sensors and modes there are, and how they fail. */

#pragma once

#include <gst/gst.h>

typedef enum
{ ARGUS_FRAME, ARGUS_REPEAT, ARGUS_STALE, ARGUS_SILENT, ARGUS_STALL, ARGUS_ERROR } ArgusEvent;

/* The modes of every simulated sensor, an IMX219's. */
guint argus_modes (void);

/* Begin to capture; the mode in use, or -1 when it fails, and then the reason was printed. */
gint argus_open (gint sensor, gint mode, gint width, gint height, gint fps_n, gint fps_d);

/* What comes next, by the order of the control file, if there is one:
 *   camera:0 repeat            the last picture again and again, with new times
 *   camera:0 repeat stale      and with its old time
 *   camera:0 silent            no more events
 *   camera:0 stall             events, but no frames
 *   camera:0 error NAME        NAME is TIMEOUT, CANCELLED, DISCONNECTED, UNAVAILABLE, …; it is put into "status" */
ArgusEvent argus_next (gint sensor, gint * status);

/* The bus ERROR of a status. */
void argus_post_error (GstElement * element, gint status);

/* The status of a name, and -1 for none. */
gint argus_status (const gchar * name);
