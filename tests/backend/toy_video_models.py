"""The real image-to-video pipelines of diffusers at toy width, with random weights, made here and saved to a folder.

Their settings are the published models' with fewer and thinner layers; they make coloured noise in well under a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before diffusers is imported: these tests reach no network

SIDE = 32
"""Every model makes pictures of this width and height in the tests."""


def save(name: str, folder: Path) -> Path:
    """Make a toy model, save it and return its folder."""
    import torch

    torch.manual_seed(0)
    pipeline = TOYS[name]()
    path = folder / name
    pipeline.save_pretrained(path, safe_serialization=True)
    return path


def _tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [(letter, -2.0) for letter in "▁abcdefghijklmnopqrstuvwxyz.,"]
    tokenizer = Tokenizer(models.Unigram([("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -1.0), *letters], unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=16
    )


_T5 = {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 37, "num_layers": 1, "num_heads": 4}


def _t5():
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(T5Config(**_T5)).eval()


def _umt5():
    from transformers import UMT5Config, UMT5EncoderModel

    return UMT5EncoderModel(UMT5Config(**_T5)).eval()


def _svd():
    import diffusers as d
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    return d.StableVideoDiffusionPipeline(
        unet=d.UNetSpatioTemporalConditionModel(
            block_out_channels=(32, 32),
            layers_per_block=1,
            sample_size=SIDE,
            num_frames=4,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=32,
            num_attention_heads=4,
            projection_class_embeddings_input_dim=96,
            addition_time_embed_dim=32,
        ),
        scheduler=d.EulerDiscreteScheduler(
            prediction_type="v_prediction",
            sigma_max=700.0,
            sigma_min=0.002,
            timestep_type="continuous",
            timestep_spacing="leading",
            use_karras_sigmas=True,
        ),
        vae=d.AutoencoderKLTemporalDecoder(
            block_out_channels=[32, 32],
            down_block_types=["DownEncoderBlock2D"] * 2,
            latent_channels=4,
            layers_per_block=1,
        ),
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=32,
                projection_dim=32,
                num_hidden_layers=1,
                num_attention_heads=4,
                image_size=224,  # what a picture is resized to
                intermediate_size=37,
                patch_size=56,
            )
        ),
        feature_extractor=CLIPImageProcessor(crop_size=224, size=224),
    )


_WAN = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": 32,
    "freq_dim": 256,
    "ffn_dim": 32,
    "num_layers": 1,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 32,
}
_WAN_VAE = {"dim_mult": [1, 1, 1, 1], "num_res_blocks": 1, "temperal_downsample": [False, True, True]}


def _wan_21(last_frame: bool = False):
    import diffusers as d
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    vision = CLIPVisionConfig(
        hidden_size=4,
        projection_dim=4,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        intermediate_size=16,
        patch_size=8,
    )
    tokens = (SIDE // 8) ** 2 + 1
    return d.WanImageToVideoPipeline(
        vae=d.AutoencoderKLWan(base_dim=3, z_dim=16, **_WAN_VAE),
        scheduler=d.FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=_umt5(),
        tokenizer=_tokenizer(),
        transformer=d.WanTransformer3DModel(
            in_channels=36,
            out_channels=16,
            image_dim=4,
            pos_embed_seq_len=2 * tokens if last_frame else None,
            **_WAN,
        ),
        image_encoder=CLIPVisionModelWithProjection(vision),
        image_processor=CLIPImageProcessor(crop_size=SIDE, size=SIDE),
    )


def _wan_22(mixture: bool):
    import diffusers as d

    def transformer(channels: int, out: int):
        return d.WanTransformer3DModel(in_channels=channels, out_channels=out, **_WAN)

    shared = {
        "scheduler": d.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "text_encoder": _umt5(),
        "tokenizer": _tokenizer(),
    }
    if mixture:
        return d.WanImageToVideoPipeline(
            vae=d.AutoencoderKLWan(base_dim=3, z_dim=16, **_WAN_VAE),
            transformer=transformer(36, 16),
            transformer_2=transformer(36, 16),
            image_encoder=None,
            image_processor=None,
            boundary_ratio=0.9,
            **shared,
        )
    vae = d.AutoencoderKLWan(
        base_dim=3,
        z_dim=48,
        in_channels=12,
        out_channels=12,
        is_residual=True,
        patch_size=2,
        latents_mean=[0.0] * 48,
        latents_std=[1.0] * 48,
        scale_factor_spatial=16,
        **_WAN_VAE,
    )
    # Published as a text pipeline, although it starts from pictures as well.
    return d.WanPipeline(vae=vae, transformer=transformer(48, 48), transformer_2=None, expand_timesteps=True, **shared)


def _ltx(conditions: bool):
    import diffusers as d

    widths = (8, 8, 8, 8)
    pipeline = d.LTXConditionPipeline if conditions else d.LTXPipeline
    return pipeline(
        vae=d.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=widths,
            decoder_block_out_channels=widths,
            layers_per_block=(1,) * 5,
            decoder_layers_per_block=(1,) * 5,
            spatio_temporal_scaling=(True, True, True, False),
            decoder_spatio_temporal_scaling=(True, True, True, False),
            decoder_inject_noise=(False,) * 5,
            upsample_residual=(False,) * 4,
            upsample_factor=(1,) * 4,
            patch_size=4,
            timestep_conditioning=False,
            decoder_causal=False,
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(),
        text_encoder=_t5(),
        tokenizer=_tokenizer(),
        transformer=d.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=1,
            caption_channels=32,
        ),
    )


def _gemma():
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    text = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    config = Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=4,
        boi_token_index=60,
        eoi_token_index=61,
        image_token_index=62,
    )
    return Gemma3ForConditionalGeneration(config).eval()


def _ltx_2():
    import diffusers as d
    from diffusers.pipelines.ltx2 import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

    heads = {"num_attention_heads": 4, "attention_head_dim": 8, "num_layers": 1, "num_learnable_registers": None}
    return d.LTX2Pipeline(
        vae=d.AutoencoderKLLTX2Video(
            latent_channels=4,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8),
            layers_per_block=(1,) * 5,
            decoder_layers_per_block=(1,) * 4,
            upsample_residual=(False,) * 3,
            upsample_factor=(1,) * 3,
            spatial_compression_ratio=32,
            temporal_compression_ratio=8,
            decoder_spatial_padding_mode="zeros",
            patch_size=4,
            timestep_conditioning=False,
            decoder_causal=False,
        ),
        audio_vae=d.AutoencoderKLLTX2Audio(
            base_channels=4,
            output_channels=2,
            ch_mult=(1,),
            num_res_blocks=1,
            in_channels=2,
            resolution=32,
            latent_channels=2,
            norm_type="pixel",
            causality_axis="height",
            mid_block_add_attention=False,
            sample_rate=16000,
            mel_hop_length=160,
            is_causal=True,
            mel_bins=8,
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(),
        text_encoder=_gemma(),
        tokenizer=_tokenizer(),
        connectors=LTX2TextConnectors(
            caption_channels=32,
            text_proj_in_factor=3,
            connector_rope_base_seq_len=32,
            rope_double_precision=False,
            rope_type="split",
            **{f"{kind}_connector_{name}": value for kind in ("video", "audio") for name, value in heads.items()},
        ),
        transformer=d.LTX2VideoTransformer3DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            audio_in_channels=4,
            audio_out_channels=4,
            audio_num_attention_heads=2,
            audio_attention_head_dim=4,
            audio_cross_attention_dim=8,
            num_layers=1,
            caption_channels=32,
            rope_double_precision=False,
            rope_type="split",
        ),
        vocoder=LTX2Vocoder(
            in_channels=16,
            hidden_channels=32,
            out_channels=2,
            upsample_kernel_sizes=[4, 4],
            upsample_factors=[2, 2],
            resnet_kernel_sizes=[3],
            resnet_dilations=[[1, 3, 5]],
            output_sampling_rate=16000,
        ),
    )


def _cogvideox():
    import diffusers as d

    return d.CogVideoXImageToVideoPipeline(
        text_encoder=_t5(),
        tokenizer=_tokenizer(),
        scheduler=d.CogVideoXDDIMScheduler(),
        vae=d.AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
        ),
        transformer=d.CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            in_channels=8,
            out_channels=4,
            time_embed_dim=2,
            text_embed_dim=32,
            num_layers=1,
            sample_width=SIDE // 8,
            sample_height=SIDE // 8,
            sample_frames=9,
            max_text_seq_length=16,
            use_rotary_positional_embeddings=True,
            use_learned_positional_embeddings=True,
        ),
    )


TOYS: dict[str, Callable] = {
    "svd": _svd,
    "wan_21": _wan_21,
    "wan_21_flf2v": lambda: _wan_21(last_frame=True),
    "wan_22_a14b": lambda: _wan_22(mixture=True),
    "wan_22_ti2v_5b": lambda: _wan_22(mixture=False),
    "ltx": lambda: _ltx(conditions=False),
    "ltx_condition": lambda: _ltx(conditions=True),
    "ltx_2": _ltx_2,
    "cogvideox": _cogvideox,
}
