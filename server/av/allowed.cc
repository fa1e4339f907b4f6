#include "server/av/allowed.h"

#include <cstring>

namespace spool::av {
namespace {

// Formats that hold their media themselves. Not here, on purpose: whatever opens other files or addresses (hls, dash,
// concat, sdp, rtsp, image2, imf), devices, generators (lavfi), and text that anything can be taken for (tty, ansi).
constexpr char kDemuxers[] =
    "3dostr,aac,ac3,aiff,amr,amrnb,amrwb,ape,apng,asf,ast,au,av1,avi,bmp_pipe,caf,cavsvideo,dirac,dnxhd,dpx_pipe,dsf,"
    "dts,dtshd,dv,eac3,exr_pipe,flac,flic,flv,gif,gif_pipe,gsm,gxf,h261,h263,h264,hevc,ico,ircam,ivf,j2k_pipe,"
    "jpeg_pipe,jpegls_pipe,jpegxl_pipe,kux,live_flv,loas,m4v,matroska,webm,mjpeg,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nut,nuv,obu,ogg,oma,pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,png_pipe,"
    "ppm_pipe,psd_pipe,qcp,qoi_pipe,rm,roq,rso,sbc,sgi_pipe,smk,sox,sunrast_pipe,swf,tak,tiff_pipe,truehd,tta,vc1,"
    "vc1test,voc,w64,wav,webp_pipe,wtv,wv,xwma,yuv4mpegpipe";

constexpr char kDecoders[] =
    // video
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,libdav1d,mpeg1video,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,h261,h263,"
    "h263i,h263p,flv,svq1,svq3,vc1,wmv1,wmv2,wmv3,theora,prores,dnxhd,cfhd,dirac,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,"
    "lagarith,rawvideo,v210,dvvideo,cinepak,indeo2,indeo3,indeo4,indeo5,qtrle,rpza,smc,msrle,msvideo1,rv10,rv20,rv30,"
    "rv40,vp3,vp5,vp6,vp6a,vp6f,vp7,flashsv,flashsv2,flic,roqvideo,smackvid,cavs,snow,zlib,tscc,camstudio,"
    "wrapped_avframe,"
    // stills
    "mjpeg,mjpegb,png,apng,gif,webp,bmp,tiff,jpeg2000,libopenjpeg,jpegls,libjxl,dpx,exr,sgi,pam,pbm,pgm,pgmyuv,ppm,pfm,"
    "pcx,psd,qoi,sunrast,targa,"
    // sound
    "aac,aac_fixed,aac_latm,mp1,mp1float,mp2,mp2float,mp3,mp3float,vorbis,opus,libopus,flac,alac,ac3,eac3,dca,truehd,"
    "mlp,"
    "wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,amrwb,speex,libspeex,ape,wavpack,tta,tak,shorten,mpc7,mpc8,cook,ra_"
    "144,"
    "ra_288,sipr,qcelp,qdm2,qdmc,gsm,gsm_ms,nellymoser,atrac1,atrac3,atrac3p,sbc,dsd_lsbf,dsd_msbf,dsd_lsbf_planar,"
    "dsd_msbf_planar,roq_dpcm,smackaud,mace3,mace6,"
    "pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_f16le,pcm_f24le,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_lxf,pcm_s8,"
    "pcm_s8_planar,pcm_s16be,pcm_s16be_planar,pcm_s16le,pcm_s16le_planar,pcm_s24be,pcm_s24daud,pcm_s24le,"
    "pcm_s24le_planar,pcm_s32be,pcm_s32le,pcm_s32le_planar,pcm_s64be,pcm_s64le,pcm_u8,pcm_u16be,pcm_u16le,pcm_u24be,"
    "pcm_u24le,pcm_u32be,pcm_u32le,pcm_vidc,"
    "adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,adpcm_swf,adpcm_yamaha,adpcm_g722,adpcm_g726,adpcm_g726le,g722,g726,g726le,"
    // text
    "mov_text,srt,subrip,text,webvtt,ass,ssa,dvbsub,dvdsub,pgssub,xsub";

bool ListHolds(const char* list, const char* name) { return av_match_list(name, list, ',') > 0; }

bool IsLibvpx(const AVCodec& codec) { return strncmp(codec.name, "libvpx", 6) == 0; }

}  // namespace

const std::string& AllowedDemuxers() {
  static const std::string* const kList = new std::string(kDemuxers);
  return *kList;
}

const std::string& AllowedDecoders() {
  static const std::string* const kList = new std::string(kDecoders);
  return *kList;
}

bool IsAllowed(const AVInputFormat& demuxer) { return ListHolds(AllowedDemuxers().c_str(), demuxer.name); }

const AVCodec* FindDecoder(AVCodecID id, bool want_alpha) {
  const AVCodec* first = nullptr;
  void* position = nullptr;
  while (const AVCodec* codec = av_codec_iterate(&position)) {
    if (codec->id != id || !av_codec_is_decoder(codec) || !ListHolds(kDecoders, codec->name)) continue;
    if (want_alpha && IsLibvpx(*codec)) return codec;
    if (first == nullptr || (IsLibvpx(*first) && !IsLibvpx(*codec))) first = codec;
  }
  return first;
}

}  // namespace spool::av
